import { isTerminal } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import type { PauseExpansion, TaskRun } from "./state.ts";

/** The task run waits for a resume or for its time. */
export function pauseRun(draft: Draft, run: TaskRun, expansion: PauseExpansion): void {
  const { until, behavior = "RESUME" } = expansion;
  const timer = until === undefined ? {} : { timer: draft.timer(run.index, until), until };
  draft.move(run.index, "PAUSED", { waiting: { kind: "pause", behavior, ...timer } });
  if (!isTerminal(draft.state.status)) draft.moveExecution("PAUSED");
}

/** As `pauseRun`, for a run that had something to do before: its time runs from now. */
export function pauseAfter(draft: Draft, run: TaskRun, expansion: PauseExpansion): void {
  const { until } = expansion;
  if (until === undefined) return pauseRun(draft, run, expansion);
  const busyMs = draft.at - (run.attempts.at(-1)?.from ?? draft.at);
  pauseRun(draft, run, { ...expansion, until: until + busyMs });
}
