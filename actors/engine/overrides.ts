import { assertNever } from "#schema/assert-never.ts";
import type { EventOf } from "#schema/event.ts";
import { isTerminal, type State, type TerminalState } from "#schema/state.ts";
import { askForSlot } from "./beginning.ts";
import { canChangeState, isWaitingToRetry, verdictOf } from "./command-table.ts";
import type { Draft } from "./draft.ts";
import type { Handler } from "./handler.ts";
import { abandon } from "./lanes.ts";
import { rewind } from "./rewind.ts";
import { withdraw } from "./runs.ts";
import { armSlas } from "./sla.ts";
import type { Attempt, ExecutionState, TaskRun } from "./state.ts";

// Commands that say what the engine would have decided otherwise.
//
// O1. A task run is said to have ended so: its last attempt too, and the execution goes on as if it had. `allowFailure` does not soften it.
// O2. Of an execution that has ended, what came after the task run is taken out and runs again (W1); flowables round it are RUNNING.
// O3. A subflow that a task run waits for is left alone: nobody listens to its end any more.

/** A task run, or the execution, is said to have ended otherwise. */
export function overridden(
  state: ExecutionState,
  event: EventOf<"task-state-set" | "status-set">,
): Handler | undefined {
  switch (event.kind) {
    case "task-state-set":
      return taskStateSet(state, event);
    case "status-set":
      return statusSet(state, event);
    default:
      return assertNever(event);
  }
}

function statusSet(state: ExecutionState, event: EventOf<"status-set">): Handler | undefined {
  if (!isEnd(event.state) || event.state === state.status) return undefined;
  if (verdictOf("change-status", state.status) === "refused" || isWaitingToRetry(state)) return undefined;
  return (draft) => draft.moveExecution(event.state);
}

function isEnd(state: State): state is TerminalState {
  return isTerminal(state) && state !== "RETRIED" && state !== "SKIPPED";
}

function taskStateSet(state: ExecutionState, event: EventOf<"task-state-set">): Handler | undefined {
  const run = state.runs.get(event.run);
  const { state: wanted } = event;
  if (!isTerminal(wanted) || wanted === "RETRIED" || run === undefined || !canChangeState(state, run)) return undefined;
  if (!isTerminal(state.status)) return (draft) => endLive(draft, run, wanted);
  // It runs after the end, which it cannot change.
  if (isAfterEnd(state, run))
    return (draft) => (isTerminal(run.state) ? mark(draft, run, wanted) : endLive(draft, run, wanted));
  return (draft) => goBackTo(draft, run, wanted);
}

function isAfterEnd(state: ExecutionState, run: TaskRun): boolean {
  const parent = state.runs.get(run.parent);
  return parent === undefined ? run.stage === "afterExecution" : isAfterEnd(state, parent);
}

/** Of an execution that goes on: the run ends now, and its container hears of it. */
function endLive(draft: Draft, run: TaskRun, state: TerminalState): void {
  const { container } = run;
  withdraw(draft, run);
  if (container !== undefined) {
    draft.setContainer(run.index, { ...container, ended: true });
    abandon(draft, [...container.lanes, container.errors, container.finally]);
  }
  mark(draft, run, state);
  draft.ended.push(run.index);
  if (draft.state.status !== "PAUSED" || draft.state.paused > 0 || draft.state.held) return;
  draft.moveExecution("RESTARTED");
  draft.goOn();
}

/** Of an execution that has ended: it goes on from the run. */
function goBackTo(draft: Draft, run: TaskRun, state: TerminalState): void {
  draft.set({ outputs: undefined, ending: undefined, held: false, fork: undefined });
  draft.moveExecution("RESTARTED");
  // It gave its slot back at its end; what starts is held until it has one again.
  if (!askForSlot(draft)) draft.moveExecution("RUNNING");
  draft.log("INFO", `Said to have ended ${state}.`, run.index);
  armSlas(draft);
  const index = rewind(draft, run.index);
  const target = draft.run(index);
  withdraw(draft, target);
  if (target.container !== undefined) draft.setContainer(index, { ...target.container, ended: true });
  mark(draft, target, state);
  draft.ended.push(index);
}

/** The run and its last attempt take the state. */
function mark(draft: Draft, run: TaskRun, state: TerminalState): void {
  const last = run.attempts.at(-1);
  const attempts: readonly Attempt[] =
    last === undefined ? [] : [...run.attempts.slice(0, -1), { ...last, state, to: last.to ?? draft.at }];
  const error = state === "FAILED" ? {} : { error: undefined };
  draft.move(run.index, state, { attempts, waiting: undefined, ...error });
}
