import { isTerminal } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import type { TaskRun } from "./state.ts";

// What keeps a task run from being asked to run.
//
// B1. A task run stops at its breakpoint before its first attempt, or the first after a restart, and not again once somebody let it go on.
// B2. A task named in the execution's skips ends SKIPPED when its turn comes, and nothing of it runs.

/** Why the run is not asked to run now; undefined when nothing is in its way. */
export function gateOf(draft: Draft, run: TaskRun): "skip" | "held" | "breakpoint" | undefined {
  const { held, slot, breakpoints, skips, status } = draft.state;
  if (skips.length > 0 && skips.includes(draft.task(run).id)) return "skip";
  // Nothing starts of an execution that has no slot yet [Q1].
  if (held || (slot !== undefined && slot.state !== "held")) return "held";
  // After the end nobody can let anything go on.
  if (breakpoints.length === 0 || run.passed || isTerminal(status)) return undefined;
  const isFirst = run.state === "RESTARTED" || (run.state === "CREATED" && run.attempts.length === 0);
  return isFirst && isNamed(breakpoints, draft.task(run).id, run.value) ? "breakpoint" : undefined;
}

function isNamed(breakpoints: readonly string[], taskId: string, value: string | undefined): boolean {
  return breakpoints.includes(taskId) || (value !== undefined && breakpoints.includes(`${taskId}.${value}`));
}
