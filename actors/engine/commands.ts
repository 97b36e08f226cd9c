import type { CommandKind } from "#schema/cell.ts";
import type { EventOf } from "#schema/event.ts";
import type { JsonObject } from "#schema/json.ts";
import type { State } from "#schema/state.ts";
import { isTerminal } from "#schema/state.ts";
import { askForSlot } from "./beginning.ts";
import type { Draft } from "./draft.ts";
import { endKill } from "./ending.ts";
import { hasFlag } from "./flags.ts";
import { dropChildren, openContainer, reviveContainer } from "./lanes.ts";
import { intervalOver } from "./loops.ts";
import { askToRun, endRun, withdraw } from "./runs.ts";
import type { ExecutionState, TaskRun } from "./state.ts";
import { restartSubflow } from "./structure.ts";

// Commands from outside.
//
// K1. Kill wins: once accepted no attempt starts, and no later answer makes its task run anything but KILLED.
// K2. A killed execution is terminal when everything that ran has stopped, or after KILL_GRACE_MS.
// K3. A pause ends once: by a resume, its timer, or a kill.
// K4. A terminal state is left only by a restart.

/** How long a killed execution waits for whoever runs its attempts, in ms. */
export const KILL_GRACE_MS = 20_000;

/** Stops everything; the execution ends as `stopAs` once nothing runs any more. */
export function stop(draft: Draft, stopAs: ExecutionState["stopAs"], cascade: boolean): void {
  draft.moveExecution("KILLING");
  const kept = draft.state.pending.filter((effect) => effect.kind !== "render-outputs" && effect.kind !== "wake-at");
  draft.set({ ending: undefined, exit: undefined, stopAs, pending: kept });
  let stopping = 0;
  for (const run of draft.state.runs) {
    if (run.dropped || isTerminal(run.state)) continue;
    if (run.container !== undefined) draft.move(run.index, "KILLING", { waiting: undefined });
    else if (stopRun(draft, run, cascade)) stopping += 1;
  }
  draft.set({ stopping });
  if (stopping === 0) endKill(draft);
}

/** Stops one task run; true when somebody else has to stop first. */
function stopRun(draft: Draft, run: TaskRun, cascade: boolean): boolean {
  const { waiting, index } = run;
  const external = waiting?.kind === "answer" || (waiting?.kind === "subflow" && cascade);
  if (!external) {
    withdraw(draft, run);
    draft.move(index, "KILLED", { waiting: undefined });
    return false;
  }
  const effect = draft.effectId(index);
  const at = draft.at + KILL_GRACE_MS;
  const timer = draft.timer(index, at);
  const isTask = waiting.kind === "answer";
  const worker = isTask && waiting.worker !== undefined ? { worker: waiting.worker } : {};
  draft.move(index, "KILLING", {
    waiting: { kind: "cancel", target: waiting.effect, effect, timer, at, isTask, ...worker },
  });
  if (isTask) draft.ask({ kind: "cancel-task", id: effect, run: index, target: waiting.effect });
  else if (waiting.kind === "subflow" && waiting.executionId !== undefined) killChild(draft, waiting.executionId);
  return true;
}

/** Asks for the end of an execution that this one started. */
export function killChild(draft: Draft, executionId: string): void {
  draft.askAndKeep({ kind: "kill-execution", id: draft.effectId(-1), executionId });
}

export function pause(draft: Draft): void {
  draft.set({ held: true });
  draft.moveExecution("PAUSED");
}

/** Why a command cannot be taken in this state; undefined when it can. */
export function refusal(state: ExecutionState, command: CommandKind): string | undefined {
  const { status, facts } = state;
  switch (command) {
    case "kill":
      return isTerminal(status) ? "Execution is already finished, can't kill it" : undefined;
    case "pause":
      return status === "RUNNING" || status === "RETRYING" ? undefined : "The execution is not running";
    case "resume":
      return status === "PAUSED" || state.paused > 0
        ? undefined
        : `Execution '${facts?.id}' is not paused, can't resume it`;
    case "restart":
      if (!isTerminal(status)) return `Execution must be terminated to be restarted, current state is '${status}' !`;
      return hasFailed(state) ? undefined : "No task found to restart execution from!";
    case "unqueue":
      return status === "QUEUED" ? undefined : "Only QUEUED execution can be unqueued";
    case "force-run":
      return isTerminal(status) ? "Only non terminated executions can be forced run." : undefined;
    default:
      return undefined;
  }
}

function hasFailed(state: ExecutionState): boolean {
  for (const run of state.runs) if (!run.dropped && (run.state === "FAILED" || run.state === "KILLED")) return true;
  return state.root === undefined || state.root.worst === "FAILED" || state.status === "FAILED";
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
  if (draft.state.paused === 0) draft.moveExecution("RUNNING");
  for (const run of draft.state.runs) if (run.waiting?.kind === "held") askToRun(draft, run.index);
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
    draft.moveExecution("RUNNING");
  }
}

export function restart(draft: Draft, { parent }: Pick<EventOf<"restart-requested">, "parent"> = {}): void {
  const { facts } = draft.state;
  if (facts !== undefined && parent !== undefined)
    draft.set({ facts: { ...facts, parent }, linkedAttempt: draft.state.attempt + 1 });
  const cleared = { outputs: undefined, ending: undefined, exit: undefined, held: false };
  draft.set({ attempt: draft.state.attempt + 1, ...cleared });
  draft.moveExecution("RESTARTED");
  const waits = askForSlot(draft);
  if (!waits) draft.moveExecution("RUNNING");
  draft.log("INFO", `Restarted, attempt ${draft.state.attempt}`);
  if (draft.state.root === undefined) {
    if (!waits) openContainer(draft, -1, { kind: "sequence", list: "tasks" });
    return;
  }
  reviveContainer(draft, -1, (run) => restartRun(draft, run));
}

function restartRun(draft: Draft, run: TaskRun): void {
  const { container } = run;
  // What its tasks shared is gone with its end, so none of them can go on without the others.
  if (container?.place !== undefined) {
    dropChildren(draft, run.index);
    move(draft, run, "RESTARTED");
    return askToRun(draft, run.index);
  }
  // What it was to become after its children is over, and failed: it begins anew.
  const isOver = container?.after !== undefined && container.ended && container.worst !== "FAILED";
  if (container !== undefined && !isOver) {
    move(draft, run, "RUNNING");
    return reviveContainer(draft, run.index, (child) => restartRun(draft, child));
  }
  dropChildren(draft, run.index);
  move(draft, run, "RESTARTED");
  if (run.child !== undefined) restartSubflow(draft, draft.run(run.index));
  else askToRun(draft, run.index);
}

function move(draft: Draft, run: TaskRun, state: State): void {
  draft.move(run.index, state, { error: undefined, losses: 0, waiting: undefined });
}
