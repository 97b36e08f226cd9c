// Jobs that this isolate runs right now, so that a kill in the same process stops them at once. Elsewhere their answers are
// refused, which is enough.

const running = new Map<string, AbortController>();

export function beginWork(id: string): AbortController {
  const controller = new AbortController();
  running.set(id, controller);
  return controller;
}

export function endWork(id: string, controller: AbortController): void {
  if (running.get(id) === controller) running.delete(id);
}

/** Stops the job if it runs here. */
export function abortWork(id: string): void {
  running.get(id)?.abort(new Error("The execution was killed."));
}
