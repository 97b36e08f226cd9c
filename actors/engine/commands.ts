import type { EventOf } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import { isTerminal } from "#schema/state.ts";
import { askForSlot } from "./beginning.ts";
import type { Draft } from "./draft.ts";
import { hasFlag } from "./flags.ts";
import type { Handler } from "./handler.ts";
import { askItems } from "./items.ts";
import { openContainer, reviveContainer } from "./lanes.ts";
import { intervalOver } from "./loops.ts";
import { killRetried } from "./retried.ts";
import { goOnWithFork, restartRun } from "./rewind.ts";
import { askToRun, endRun } from "./runs.ts";
import { armSlas } from "./sla.ts";
import type { ExecutionState, TaskRun } from "./state.ts";
import { stop } from "./stop.ts";

// Commands from outside.
//
// K1. Kill wins: once accepted no attempt starts, and no later answer makes its task run anything but KILLED.
// K2. A killed execution is terminal when everything that ran has stopped, or after KILL_GRACE_MS.
// K3. A pause ends once: by a resume, its timer, or a kill.
// K4. A terminal state is left only by a command: a restart, a change of state or status, or the kill of a retry that has not started.
// K7. A command that carries the name of one of the last COMMAND_IDS commands changes nothing.

/** Commands whose names are remembered. */
const COMMAND_IDS = 50;

/** `handle`, once for each name of a command. A command that is accepted and changes nothing is remembered by its name alone. */
export function once(
  state: ExecutionState,
  commandId: string | undefined,
  handle: Handler | undefined,
  isKept: boolean,
) {
  if (commandId === undefined) return handle;
  if (state.commandIds.includes(commandId) || (handle === undefined && !isKept)) return undefined;
  return (draft: Draft) => {
    draft.set({ commandIds: [...draft.state.commandIds, commandId].slice(-COMMAND_IDS) });
    handle?.(draft);
  };
}

/** What a kill does in this state; undefined when nothing. */
export function killing(state: ExecutionState, cascade: boolean): Handler | undefined {
  if (state.status === "RETRIED") return killRetried(state, cascade);
  if (state.status === "KILLING" && state.stopAs === "RETRIED")
    return (draft) => {
      draft.log("WARN", "Kill requested.");
      draft.set({ stopAs: "KILLED", retryAt: undefined });
    };
  if (isTerminal(state.status) || state.status === "KILLING") return undefined;
  return (draft) => {
    draft.log("WARN", "Kill requested.");
    stop(draft, "KILLED", { cascade });
  };
}

export function pause(draft: Draft): void {
  draft.set({ held: true });
  draft.moveExecution("PAUSED");
}

/** True when a resume of that task run, or of whatever is paused, has something to resume. */
export function canResume(state: ExecutionState, run: number | undefined): boolean {
  return pausedRun(state, run) !== undefined || (state.held && run === undefined);
}

export function resume(draft: Draft, event: EventOf<"resume-requested">): void {
  const paused = pausedRun(draft.state, event.run);
  if (paused === undefined) {
    if (draft.state.held && event.run === undefined) release(draft);
    return;
  }
  if (paused.waiting?.kind === "interval") return intervalOver(draft, paused.index);
  const given = event.inputs === undefined ? {} : { onResume: event.inputs };
  endPause(draft, paused, "SUCCESS", { ...given, ...resumed(draft, event) });
}

/** When it was resumed, and by whom. */
function resumed(draft: Draft, { by }: EventOf<"resume-requested">): PauseOutputs {
  if (!hasFlag(draft.state.facts, "pauseTells")) return {};
  return { resumed: { ...(by === undefined ? {} : { by }), on: new Date(draft.at).toISOString(), to: "RUNNING" } };
}

/** The task run that a resume ends: the one named, else the first one paused, and a loop between two turns only when there is none. */
export function pausedRun(state: ExecutionState, index: number | undefined): TaskRun | undefined {
  if (index !== undefined) {
    const run = state.runs.get(index);
    const isPaused = run?.waiting?.kind === "pause" || run?.waiting?.kind === "interval";
    return isPaused && !run?.dropped ? run : undefined;
  }
  let loop: TaskRun | undefined;
  for (const run of state.runs) {
    if (run.dropped) continue;
    if (run.waiting?.kind === "pause") return run;
    if (run.waiting?.kind === "interval") loop ??= run;
  }
  return loop;
}

/** A manual pause is over: what was held back starts. */
function release(draft: Draft): void {
  draft.set({ held: false });
  if (draft.state.paused === 0) draft.goOn();
  for (const { waiting, index } of draft.state.runs) {
    if (waiting?.kind === "held") askToRun(draft, index);
    else if (waiting?.kind === "items") askItems(draft, index);
  }
}

type PauseOutputs = { onResume?: JsonObject; resumed?: JsonObject };

/** Ends a paused task run; the execution goes on unless another task is paused. */
export function endPause(
  draft: Draft,
  run: TaskRun,
  state: "SUCCESS" | "WARNING" | "FAILED",
  outputs: PauseOutputs,
): void {
  const change = { outputs: { ...run.outputs, ...outputs } };
  const children = draft.task(run).lists.tasks ?? [];
  if (state === "SUCCESS" && children.length > 0) {
    draft.move(run.index, "RUNNING", { ...change, waiting: undefined });
    openContainer(draft, run.index, { kind: "sequence", list: "tasks" });
  } else {
    draft.move(run.index, "RUNNING");
    endRun(draft, run.index, state, change);
  }
  if (draft.state.paused === 0 && !draft.state.held && draft.state.status === "PAUSED") {
    draft.moveExecution("RESTARTED");
    draft.goOn();
  }
}

export function restart(draft: Draft, { parent }: Pick<EventOf<"restart-requested">, "parent"> = {}): void {
  const { facts, status, attempt } = draft.state;
  if (facts !== undefined && parent !== undefined)
    draft.set({ facts: { ...facts, parent }, linkedAttempt: attempt + 1 });
  const wasPaused = status === "PAUSED";
  draft.set({ attempt: attempt + 1, outputs: undefined, ending: undefined, exit: undefined });
  draft.moveExecution("RESTARTED");
  // A paused execution still has its slot, or waits for the one of its last restart.
  const waits = !wasPaused && askForSlot(draft);
  if (!waits) draft.goOn();
  draft.log("INFO", `Restarted, attempt ${draft.state.attempt}`);
  if (wasPaused) return restartPaused(draft);
  draft.set({ held: false });
  armSlas(draft);
  if (draft.state.fork !== undefined) return waits ? undefined : goOnWithFork(draft);
  if (draft.state.root === undefined)
    return waits ? undefined : openContainer(draft, -1, { kind: "sequence", list: "tasks" });
  reviveContainer(draft, -1, (run) => restartRun(draft, run));
}

/** Of an execution that is paused, the paused task runs begin again; what a manual pause held back starts. */
function restartPaused(draft: Draft): void {
  draft.set({ held: false });
  for (const run of draft.state.runs) {
    if (run.dropped) continue;
    if (run.waiting?.kind === "pause") restartRun(draft, run);
    else if (run.waiting?.kind === "held") askToRun(draft, run.index);
  }
}
