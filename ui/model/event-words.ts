import type { ExecutionEvent } from "#schema/event.ts";

/** The event's kind in words, and what it is about where it says so: `Task finished`. */
export function eventWords({ kind }: ExecutionEvent): string {
  const words = kind.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The index of the task run that the event is about, when it is about one: effects of task runs begin with it. */
export function eventRun(event: ExecutionEvent): number | undefined {
  if ("run" in event) return event.run;
  if (!("effect" in event)) return undefined;
  const index = Number.parseInt(event.effect, 10);
  return Number.isSafeInteger(index) && index >= 0 ? index : undefined;
}
