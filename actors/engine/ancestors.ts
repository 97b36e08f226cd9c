import type { ExecutionState } from "./state.ts";

/** Executions that wait for the end of this one, nearest first. Nobody waits any more for one that has ended and was restarted,
 * unless its parent did that. */
export function ancestorsOf({ facts, attempt, linkedAttempt }: ExecutionState): readonly string[] {
  const parent = facts?.parent;
  if (parent === undefined || attempt > (linkedAttempt ?? facts?.attempt ?? 1)) return [];
  return [parent.executionId, ...(parent.ancestors ?? [])];
}
