import type { EventOf } from "#schema/event.ts";
import { isTerminal } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import type { Handler } from "./handler.ts";
import { endLoop, startTurn } from "./lanes.ts";
import type { LanesExpansion, LoopTurns, TaskRun } from "./state.ts";
import { deadlineOf, limitReached, withoutLastPause } from "./turns.ts";

// Loops that go on until a condition holds.
//
// O1. The condition is asked once after each turn that did not fail; a failed turn ends the loop.
// O2. Between two turns the loop and its execution are PAUSED, until the interval is over or somebody resumes.
// O3. At most `maxIterations` turns, and none begins after the deadline; a restart counts both anew.
// O4. What a loop remembers of its earlier turns does not grow with them, but for a place in the list of task runs.

type LoopUntil = Extract<LanesExpansion, { kind: "loop-until" }>;

/** A turn is over, and this is what its condition said; or all turns are, and this is what they give. */
export function loopEvaluated(run: TaskRun, event: EventOf<"loop-evaluated">): Handler | undefined {
  if (run.waiting?.kind !== "condition" || run.waiting.effect !== event.effect) return undefined;
  return (draft) => evaluated(draft, run.index, event);
}

function evaluated(draft: Draft, index: number, event: EventOf<"loop-evaluated">): void {
  const run = draft.update(index, { waiting: undefined });
  if (event.error !== undefined) return failed(draft, index, event.error);
  if (event.outputs !== undefined) draft.update(index, { outputs: { ...run.outputs, ...event.outputs } });
  const { expansion, loop } = run.container ?? {};
  if (expansion?.kind !== "loop-until" || loop === undefined || event.done) return endLoop(draft, index);
  const reached = limitReached(draft, expansion, loop);
  if (reached !== undefined) return stopAtLimit(draft, index, expansion, reached);
  if (expansion.intervalMs > 0) return waitForTurn(draft, run, expansion, loop);
  startTurn(draft, index);
}

function failed(draft: Draft, index: number, error: string): void {
  draft.log("ERROR", error, index);
  draft.update(index, { error });
  endLoop(draft, index, "FAILED");
}

function stopAtLimit(draft: Draft, index: number, expansion: LoopUntil, reason: string): void {
  if (expansion.failOnMaxReached) return failed(draft, index, reason);
  draft.log("WARN", reason, index);
  endLoop(draft, index);
}

function waitForTurn(draft: Draft, run: TaskRun, expansion: LoopUntil, loop: LoopTurns): void {
  const at = Math.min(draft.at + expansion.intervalMs, deadlineOf(expansion, loop));
  draft.update(run.index, { histories: withoutLastPause(run.histories) });
  draft.move(run.index, "PAUSED", { waiting: { kind: "interval", timer: draft.timer(run.index, at), at } });
  if (isTerminal(draft.state.status)) return;
  if (draft.state.status !== "PAUSED") draft.set({ histories: withoutLastPause(draft.state.histories) });
  draft.moveExecution("PAUSED");
}

/** The interval is over, or somebody did not want to wait for its end. */
export function intervalOver(draft: Draft, index: number): void {
  const { expansion, loop } = draft.move(index, "RUNNING", { waiting: undefined }).container ?? {};
  if (draft.state.paused === 0 && !draft.state.held && draft.state.status === "PAUSED") draft.goOn();
  if (expansion?.kind !== "loop-until" || loop === undefined) return;
  const reached = draft.at < deadlineOf(expansion, loop) ? undefined : limitReached(draft, expansion, loop);
  if (reached === undefined) startTurn(draft, index);
  else stopAtLimit(draft, index, expansion, reached);
}
