import type { Command, CommandKind } from "#schema/cell.ts";
import type { State } from "#schema/state.ts";
import { isTerminal, STATES, TERMINAL_STATES } from "#schema/state.ts";
import { type ExecutionState, isCutShort, isOrderedKind, type TaskRun } from "./state.ts";

// What each command means in each state: taken, accepted without effect, or refused, with the status and the sentence of the answer.
//
// K5. Every pair of a state and a command is in the table.
// K6. What the table, or `refusal`, refuses, the reducer ignores: the same state comes back.

export type Refusal = { readonly status: 400 | 404 | 409 | 422; readonly message: string };

type Rule = {
  /** States in which it does something. */
  readonly taken: readonly State[];
  /** States in which it is accepted and changes nothing. */
  readonly kept: readonly State[];
  readonly status: Refusal["status"];
  /** `{id}` and `{state}` are the execution's. */
  readonly sentence: string;
  /** What else decides. */
  readonly note?: string;
};

const LIVE: readonly State[] = STATES.filter((state) => !isTerminal(state));
/** States an execution or a task run may be said to have ended in. */
const SETTABLE: readonly State[] = ["SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED"];
/** A terminal state that another execution has not taken over. */
const ENDED: readonly State[] = TERMINAL_STATES.filter((state) => state !== "RETRIED");

export const COMMANDS: Readonly<Record<CommandKind, Rule>> = {
  kill: {
    taken: LIVE.filter((state) => state !== "KILLING"),
    kept: ["KILLING", ...TERMINAL_STATES],
    status: 409,
    sentence: "Execution is already finished, can't kill it",
    note: "Refused after the end without cascade. RETRIED: the new execution is not started, or is killed in its place.",
  },
  pause: {
    taken: ["RUNNING", "RETRYING", "BREAKPOINT"],
    kept: [],
    status: 422,
    sentence: "The execution is not running",
    note: "RESTARTED waits for a slot of its flow: nothing of it runs yet.",
  },
  resume: {
    taken: ["PAUSED"],
    kept: [],
    status: 409,
    sentence: "Execution '{id}' is not paused, can't resume it",
    note: "Also taken at a breakpoint while a task run is paused.",
  },
  restart: {
    taken: [...ENDED, "PAUSED"],
    kept: [],
    status: 409,
    sentence: "Execution must be terminated to be restarted, current state is '{state}' !",
    note: "Needs a failed, killed, cancelled or paused task run: 422 otherwise. RETRIED: restart the execution that replaced it.",
  },
  unqueue: { taken: ["QUEUED"], kept: [], status: 422, sentence: "Only QUEUED execution can be unqueued" },
  "force-run": {
    taken: ["CREATED", "QUEUED", "PAUSED", "BREAKPOINT"],
    kept: ["RUNNING", "RESTARTED", "RETRYING", "KILLING"],
    status: 422,
    sentence: "Only non terminated executions can be forced run.",
  },
  "change-state": {
    taken: ["RUNNING", "RESTARTED", "RETRYING", "PAUSED", "BREAKPOINT", ...ENDED],
    kept: [],
    status: 409,
    sentence: "The state of a task run can't be changed while its execution is '{state}'",
    note: "While the execution goes on, only of a task run that has not ended.",
  },
  "change-status": {
    taken: [...ENDED],
    kept: [],
    status: 422,
    sentence: "You can only change the status of a terminated execution.",
  },
  "set-labels": { taken: TERMINAL_STATES, kept: [], status: 400, sentence: "The execution is not terminated" },
  "resume-from-breakpoint": {
    taken: ["BREAKPOINT"],
    kept: [],
    status: 409,
    sentence: "Execution '{id}' is not at a breakpoint, can't resume it from there",
    note: "Also taken while it is paused, when a task run waits at a breakpoint.",
  },
};

/** What the table says of a command in a state, whatever else decides. */
export function verdictOf(command: CommandKind, state: State): "taken" | "kept" | "refused" {
  const { taken, kept } = COMMANDS[command];
  return taken.includes(state) ? "taken" : kept.includes(state) ? "kept" : "refused";
}

/** Why a command cannot be taken now; undefined when it can. `runOf` finds the task run of an id. */
export function refusal(
  state: ExecutionState,
  command: Command,
  runOf: (taskRunId: string) => TaskRun | undefined = () => undefined,
): Refusal | undefined {
  const { status } = state;
  const { status: code, sentence } = COMMANDS[command.kind];
  const message = sentence.replace("{id}", state.facts?.id ?? "").replace("{state}", status);
  const refused = { status: code, message };
  switch (command.kind) {
    case "kill":
      return isTerminal(status) && !command.cascade && !isWaitingToRetry(state) ? refused : undefined;
    case "resume":
      return status === "PAUSED" || (state.paused > 0 && status !== "KILLING") ? undefined : refused;
    case "resume-from-breakpoint":
      return state.atBreakpoint > 0 && status !== "KILLING" ? undefined : refused;
    case "change-status":
      return unfitStatus(command.state) ?? (verdictOf(command.kind, status) === "refused" ? refused : undefined);
    case "set-labels":
      if (!isTerminal(status)) return refused;
      return systemLabelChanged(state, command);
    case "change-state":
      return unfitState(command, runOf) ?? stateRefusal(state, runOf(command.taskRunId), refused);
    case "restart":
      if (verdictOf(command.kind, status) === "refused") return refused;
      return hasFailed(state) ? undefined : { status: 422, message: "No task found to restart execution from!" };
    default:
      return verdictOf(command.kind, status) === "refused" ? refused : undefined;
  }
}

/** True while the execution that replaces this one is still to be started. */
export function isWaitingToRetry(state: ExecutionState): boolean {
  return state.status === "RETRIED" && state.pending.some(({ kind }) => kind === "wake-at");
}

/** True when something of it can be started again. */
export function hasFailed(state: ExecutionState): boolean {
  if (state.status === "PAUSED") return state.paused > 0;
  for (const run of state.runs) if (!run.dropped && isCutShort(run.state)) return true;
  return state.root === undefined || state.root.worst === "FAILED" || state.status === "FAILED";
}

/** True when that task run may be said to have ended otherwise. */
export function canChangeState(state: ExecutionState, run: TaskRun | undefined): boolean {
  if (run === undefined || run.dropped || verdictOf("change-state", state.status) === "refused") return false;
  return isTerminal(state.status) ? isOrdered(state, run) : !isTerminal(run.state);
}

/** True when no flowable round the run would have to begin again as a whole to go back to it. */
function isOrdered(state: ExecutionState, run: TaskRun): boolean {
  const parent = state.runs.get(run.parent);
  if (parent === undefined) return true;
  return isOrderedKind(parent.container?.expansion.kind ?? "nothing") && isOrdered(state, parent);
}

function stateRefusal(state: ExecutionState, run: TaskRun | undefined, refused: Refusal): Refusal | undefined {
  if (run === undefined || canChangeState(state, run)) return undefined;
  if (verdictOf("change-state", state.status) === "refused") return refused;
  const message = isTerminal(state.status)
    ? "The state of a task run in a loop or graph of tasks can't be changed: replay it, or change the state of the task round it."
    : "The task run has ended: its state can be changed once its execution has ended too.";
  return { status: 409, message };
}

function unfitState(
  { state, taskRunId }: Extract<Command, { kind: "change-state" }>,
  runOf: (taskRunId: string) => TaskRun | undefined,
): Refusal | undefined {
  const run = runOf(taskRunId);
  if (run === undefined || run.dropped) return { status: 404, message: `Unable to find the task run ${taskRunId}` };
  if (SETTABLE.includes(state) || state === "SKIPPED") return undefined;
  const message = `A task run can be changed to ${SETTABLE.join(", ")} or SKIPPED, not to ${state}.`;
  return { status: 422, message };
}

function unfitStatus(state: State): Refusal | undefined {
  if (!isTerminal(state))
    return { status: 422, message: "You can only change the status of an execution to a terminal state." };
  if (SETTABLE.includes(state)) return undefined;
  const message = `An execution can be changed to ${SETTABLE.join(", ")}, not to ${state}.`;
  return { status: 422, message };
}

function systemLabelChanged(
  state: ExecutionState,
  { labels }: Extract<Command, { kind: "set-labels" }>,
): Refusal | undefined {
  for (const { key, value } of labels) {
    if (!key.startsWith("system.") || state.labels.some((label) => label.key === key && label.value === value))
      continue;
    const message = `System labels can only be set by Kestra itself, offending label: ${key}=${value}`;
    return { status: 422, message };
  }
  return undefined;
}
