import type { Draft } from "./draft.ts";
import { askToClose } from "./place-end.ts";
import { withdraw } from "./runs.ts";
import type { TaskRun } from "./state.ts";
import { shed } from "./turns.ts";

// Task runs that leave the execution: a restart or the next turn of a loop puts others in their place. They keep their place in the list.

/** Takes a run and all below it out of the execution; an attempt that still runs is asked to stop. */
export function drop(draft: Draft, index: number): void {
  const run = draft.run(index);
  const { container } = run;
  for (const child of childrenOf(run)) drop(draft, child);
  if (container?.place !== undefined && !container.ended) askToClose(draft, index, "KILLED");
  withdraw(draft, run);
  draft.drop(index);
}

/** Keeps of a dropped run, and of all below it, no more than its place. */
export function forget(draft: Draft, index: number): void {
  const run = draft.run(index);
  for (const child of childrenOf(run)) forget(draft, child);
  draft.replace(shed(run));
}

/** Indices of all task runs of the run's container. */
function childrenOf({ container }: TaskRun): number[] {
  if (container === undefined) return [];
  return [...container.lanes, container.errors, container.finally].flatMap((list) => [...list]);
}

/** Takes the children of a run out of the execution: it begins anew. */
export function dropChildren(draft: Draft, owner: number): void {
  const run = draft.run(owner);
  if (run.container === undefined) return;
  for (const child of childrenOf(run)) drop(draft, child);
  draft.update(owner, { container: undefined });
}
