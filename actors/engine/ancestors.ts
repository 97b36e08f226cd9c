import type { ExecutionState } from "./state.ts";

/** Executions that wait for the end of this one, nearest first. Nobody waits any more for one that has ended and was restarted. */
export function ancestorsOf({ facts, attempt }: ExecutionState): readonly string[] {
  const parent = facts?.parent;
  if (parent === undefined || attempt > (facts?.attempt ?? 1)) return [];
  return [parent.executionId, ...(parent.ancestors ?? [])];
}
