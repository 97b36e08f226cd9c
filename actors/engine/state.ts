import type { AnsweredEffect, EffectId, SubflowRequest } from "#schema/effect.ts";
import type { EventOf, Expansion, Label } from "#schema/event.ts";
import type { EpochMs, JsonObject } from "#schema/json.ts";
import type { PlaceCache } from "#schema/place.ts";
import type { State, TerminalState } from "#schema/state.ts";
import type { ItemRecords } from "./item-records.ts";
import { Vector } from "./vector.ts";

export type History = { readonly state: State; readonly at: EpochMs };

/** One try of a task run. `to` and a terminal `state` once it is over. */
export type Attempt = { readonly state: State; readonly from: EpochMs; readonly to?: EpochMs };

export type TimerRef = { readonly id: EffectId; readonly at: EpochMs };

/** What will move a live task run that has no live children of its own. */
export type Waiting =
  /** Asked for; nobody has said that it runs. */
  | { readonly kind: "start"; readonly effect: EffectId }
  /** Held back by a manual pause of the execution. */
  | { readonly kind: "held" }
  /** Stopped before it is asked for, until somebody lets it go on. */
  | { readonly kind: "breakpoint" }
  /** Runs somewhere; `lease` and `deadline` are timers. */
  | {
      readonly kind: "answer";
      readonly effect: EffectId;
      readonly lease?: TimerRef;
      readonly deadline?: TimerRef;
      readonly worker?: string;
    }
  | { readonly kind: "retry"; readonly timer: EffectId; readonly at: EpochMs }
  /** `timedOut`: it sleeps for longer than its timeout. */
  | { readonly kind: "sleep"; readonly timer: EffectId; readonly at: EpochMs; readonly timedOut?: true }
  | {
      readonly kind: "pause";
      readonly timer?: EffectId;
      readonly until?: EpochMs;
      readonly behavior: "RESUME" | "WARN" | "FAIL" | "CANCEL";
    }
  /** A loop between two turns: its condition is asked, or what its turns give. */
  | { readonly kind: "condition"; readonly effect: EffectId }
  /** A loop waits for its next turn. */
  | { readonly kind: "interval"; readonly timer: EffectId; readonly at: EpochMs }
  | {
      readonly kind: "subflow";
      readonly effect: EffectId;
      readonly executionId?: string;
      readonly wait: boolean;
      readonly transmitFailed: boolean;
      readonly restarts?: boolean;
      readonly request: SubflowRequest;
    }
  /** A shared directory is being made for what this becomes, or collected after it; then it ends in `state`. */
  | { readonly kind: "place-open"; readonly effect: EffectId; readonly expansion: PlaceExpansion }
  | {
      readonly kind: "place-close";
      readonly effect: EffectId;
      readonly state: "SUCCESS" | "WARNING" | "FAILED" | "KILLED";
    }
  /** Executions of batches, as the run's `items` say; killed, until those that run have ended or `stop`. */
  | { readonly kind: "items"; readonly stop?: TimerRef }
  /** Killed, and somebody still has to stop: until the answer to `target`, the stop's acknowledgement, or the grace timer. */
  | {
      readonly kind: "cancel";
      readonly target: EffectId;
      readonly effect: EffectId;
      readonly timer: EffectId;
      readonly at: EpochMs;
      /** False for a subflow: its execution is killed, not a task. */
      readonly isTask: boolean;
      readonly worker?: string;
      /** What it ends as, when that is not KILLED. */
      readonly endAs?: "CANCELLED" | "FAILED";
    };

/** The shared directory of a container's tasks: what opened it, and its contents as the last of them left it. */
export type PlaceState = {
  readonly id: EffectId;
  /** URI of the list of its files; undefined while it is empty. */
  readonly manifest?: string;
  readonly outputFiles: readonly string[];
  readonly cache?: PlaceCache;
};
/** What a stopped execution ends as. */
export type StopState = "KILLED" | "CANCELLED" | "FAILED" | "RETRIED";

/** Where a forked execution goes on, once nothing holds it back. */
export type ForkPoint = { readonly from: "failed" | number };

/** The flow's concurrency slot: asked for, waiting for one in the flow's queue, or held. `effect` is what asked for it. */
export type Slot = { readonly state: "asked" | "queued" | "held"; readonly effect: EffectId };

/** The stage a container is in; each stage but the first is one sequence of the list of the same name. */
export type Stage = "main" | "errors" | "finally" | "afterExecution";

export type LanesExpansion = Extract<Expansion, { kind: "sequence" | "parallel" | "each" | "dag" | "loop-until" }>;
export type PauseExpansion = Extract<Expansion, { kind: "pause" }>;

/** The turns of a loop that goes on until a condition holds. */
export type LoopTurns = {
  /** The current one, from 0. */
  readonly turn: number;
  /** The turn from which `maxIterations` counts: 0, or that of the last restart. */
  readonly from: number;
  readonly startedAt: EpochMs;
  /** By how much a restart has put the deadline off. */
  readonly extraMs: number;
};

export type PlaceExpansion = Extract<Expansion, { kind: "place" }>;

/** True for an expansion whose children stand in lanes. */
export function isLanes(expansion: Expansion | undefined): expansion is LanesExpansion {
  return expansion !== undefined && LANES.has(expansion.kind);
}

const LANES: ReadonlySet<Expansion["kind"]> = new Set<LanesExpansion["kind"]>([
  "sequence",
  "parallel",
  "each",
  "dag",
  "loop-until",
]);

/**
 * The children of a flowable or of the execution itself, as lanes: a lane is a sequence of tasks of which one runs at a
 * time. Sequential has one lane, Parallel and Dag a lane for each task, ForEach a lane for each value.
 */
export type Container = {
  readonly expansion: LanesExpansion;
  readonly stage: Stage;
  /** Task run indices of each opened lane, in order. Lanes open in order, but for those of a Dag, which are all here from the start. */
  readonly lanes: Vector<Vector<number>>;
  /** Opened and not at its end. */
  readonly active: number;
  readonly errors: Vector<number>;
  readonly finally: Vector<number>;
  readonly afterExecution: Vector<number>;
  /** The worst of the normal children so far. */
  readonly worst: "SUCCESS" | "WARNING" | "FAILED" | "KILLED";
  readonly finallyFailed: boolean;
  readonly ended: boolean;
  /** Its tasks share a directory. */
  readonly place?: PlaceState;
  readonly loop?: LoopTurns;
  /** What the run becomes when its children are over. */
  readonly after?: PauseExpansion;
};

/** One asking for batches: all of them, or those at `indices`. Effect numbers run from `base`. */
export type ItemRound = { readonly base: number; readonly indices?: readonly number[] };

/** The batches of a ForEachItem: one execution for each. */
export type Items = {
  readonly wait: boolean;
  readonly transmitFailed: boolean;
  /** The last one counts; a restart adds one. */
  readonly rounds: readonly ItemRound[];
  /** Place in the last round of the next batch to ask for. */
  readonly next: number;
  /** Asked for and not answered. */
  readonly open: number;
  readonly records: ItemRecords;
  /** How many batches are in which state; CREATED are those not started yet. */
  readonly counts: Readonly<Partial<Record<State, number>>>;
  /** Killed together with its children: one that starts late is killed too. */
  readonly stopped?: true;
};

export type TaskRun = {
  readonly index: number;
  /** Number of the task in the plan. */
  readonly task: number;
  /** Index of the flowable's task run; -1 at the top. */
  readonly parent: number;
  readonly stage: Stage;
  readonly lane: number;
  readonly slot: number;
  readonly value?: string;
  readonly iteration?: number;
  readonly state: State;
  readonly histories: readonly History[];
  readonly attempts: readonly Attempt[];
  /** How often this attempt was given to another because whoever had it was gone. */
  readonly losses: number;
  readonly outputs?: JsonObject;
  readonly error?: string;
  readonly waiting?: Waiting;
  readonly container?: Container;
  /** The failed execution that a restart restarts instead of starting another. */
  readonly child?: Pick<Extract<Waiting, { kind: "subflow" }>, "request" | "transmitFailed"> & {
    readonly executionId: string;
  };
  readonly items?: Items;
  /** Taken out by a restart: no longer part of the execution. */
  readonly dropped?: true;
  /** Somebody has let it go on from a breakpoint: it does not stop there again. */
  readonly passed?: true;
};

/** True for a task run that a restart begins again. */
export function isCutShort(state: State): boolean {
  return state === "FAILED" || state === "KILLED" || state === "CANCELLED" || state === "RETRIED";
}

/** True for a container whose children can be gone back to one by one. */
export function isOrderedKind(kind: Expansion["kind"]): boolean {
  return kind === "sequence" || kind === "parallel" || kind === "each";
}

export type ExecutionState = {
  /** Events applied so far. */
  readonly seq: number;
  /** Time of the last event. */
  readonly at: EpochMs;
  readonly facts: EventOf<"execution-created"> | undefined;
  readonly status: State;
  readonly histories: readonly History[];
  readonly labels: readonly Label[];
  readonly runs: Vector<TaskRun>;
  readonly root: Container | undefined;
  /** Last number given to an effect. */
  readonly counter: number;
  /** Effects of the execution itself that are not answered yet. */
  readonly pending: readonly AnsweredEffect[];
  /** Task runs that are not terminal. */
  readonly live: number;
  /** Task runs that wait for their next try. */
  readonly retrying: number;
  /** Task runs in PAUSED. */
  readonly paused: number;
  /** Task runs in BREAKPOINT. */
  readonly atBreakpoint: number;
  /** A manual pause: nothing new starts. */
  readonly held: boolean;
  /** Task runs that keep a killed execution in KILLING, and what it ends as. */
  readonly stopping: number;
  readonly stopAs: StopState;
  /** The state it will end in, while its outputs are rendered. */
  readonly ending: TerminalState | undefined;
  /** A task said that the execution ends now, in this state: nothing new starts but `finally`. */
  readonly exit: "SUCCESS" | "WARNING" | "FAILED" | undefined;
  readonly outputs: JsonObject | undefined;
  /** Grows with each restart, from 1 or what its first event says. */
  readonly attempt: number;
  /** The attempt that its parent started by a restart, and waits for. */
  readonly linkedAttempt: number | undefined;
  readonly slot: Slot | undefined;
  /** Task ids, or `taskId.value`, before which it stops. */
  readonly breakpoints: readonly string[];
  /** Ids of tasks that are skipped. */
  readonly skips: readonly string[];
  /** What tasks have changed of `vars.*`: values that were set, names that were taken away. */
  readonly variables: JsonObject;
  readonly unsetVariables: readonly string[];
  /** Ids of the SLAs that were violated. */
  readonly violated: readonly string[];
  /** Names of the last commands, oldest first. */
  readonly commandIds: readonly string[];
  /** When the execution that replaces this one, RETRIED, is started. */
  readonly retryAt: EpochMs | undefined;
  /** The execution that replaced this one. */
  readonly retriedAs: string | undefined;
  /** Copied from another execution and not gone on yet. */
  readonly fork: ForkPoint | undefined;
};

export function initialState(): ExecutionState {
  return {
    seq: 0,
    at: 0,
    facts: undefined,
    status: "CREATED",
    histories: [],
    labels: [],
    runs: Vector.empty(),
    root: undefined,
    counter: 0,
    pending: [],
    live: 0,
    retrying: 0,
    paused: 0,
    atBreakpoint: 0,
    held: false,
    stopping: 0,
    stopAs: "KILLED",
    ending: undefined,
    exit: undefined,
    outputs: undefined,
    attempt: 1,
    linkedAttempt: undefined,
    slot: undefined,
    breakpoints: [],
    skips: [],
    variables: {},
    unsetVariables: [],
    violated: [],
    commandIds: [],
    retryAt: undefined,
    retriedAs: undefined,
    fork: undefined,
  };
}
