import type { Flow, Task } from "#schema/flow.ts";
import { illegalArgument } from "./http-error.ts";

// Tasks that a request names must be there: a name with a mistake in it would silently do nothing.

const MAX_NAMES = 1000;

/** Every task of the flow, nested ones too. */
export function* tasksOf(flow: Flow): Generator<Task> {
  const rest: Task[] = [...flow.tasks, ...flow.errors, ...flow.finally, ...flow.afterExecution];
  for (let task = rest.pop(); task !== undefined; task = rest.pop()) {
    yield task;
    for (const list of Object.values(task.lists)) rest.push(...list);
  }
}

/** Ids as clients send them: with commas between them. */
export function readNames(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Breakpoints: `taskId`, or `taskId.value` for one turn of a loop. Throws 422 for a task that the flow does not have. */
export function readBreakpoints(flow: Flow, text: string | undefined): string[] {
  const names = readNames(text);
  // Ids of tasks have no dot, so what follows the first one is the value.
  checkTaskNames(flow, "breakpoint", names, (name) => name.split(".", 1)[0] ?? name);
  return names;
}

/** Throws 422 for the first of `names` that is no task of the flow. */
export function checkTaskNames(
  flow: Flow,
  what: string,
  names: readonly string[],
  taskOf: (name: string) => string = (name) => name,
): void {
  if (names.length > MAX_NAMES) throw illegalArgument(`at most ${MAX_NAMES} tasks can be named`);
  if (names.length === 0) return;
  const known = new Set([...tasksOf(flow)].map(({ id }) => id));
  const unknown = names.find((name) => !known.has(taskOf(name)));
  if (unknown === undefined) return;
  throw illegalArgument(`the ${what} '${unknown.slice(0, 100)}' is no task of the flow ${flow.namespace}.${flow.id}`);
}
