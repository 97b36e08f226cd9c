import * as z from "zod";
import type { Json, JsonObject } from "./json.ts";
import { PlaceCache } from "./place.ts";
import { State } from "./state.ts";

// The event log is for ever: kinds are never renamed or reused, fields are only added, and optional.
//
// V1. An event tells a fact from outside the reducer: a command, an answer to an effect, a timer. What follows from it is derived.
// V2. An answer carries the id of the effect it answers. An id that is not awaited (any more) changes nothing.
// V3. `at` is the only time the engine knows, in ms since 1970, and never goes back within one log.

const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;
const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), json);
const at = z.number();
const effect = z.string();

export const Label = z.object({ key: z.string(), value: z.string() });
export type Label = z.infer<typeof Label>;

/** What started an execution, as `trigger.*` sees it. */
export const ExecutionTrigger = z.object({ id: z.string(), type: z.string(), variables: jsonObject });
export type ExecutionTrigger = z.infer<typeof ExecutionTrigger>;

/**
 * Who waits for the end of this execution: the task run's effect, in the parent's own cell. `ancestors`: executions that wait for the
 * parent in turn, nearest first.
 */
export const ParentLink = z.object({
  executionId: z.string(),
  effect,
  depth: z.int(),
  ancestors: z.array(z.string()).optional(),
  /** What the parent wants to hear when the flow declares no outputs: rendered at the end, in this execution's context. */
  outputs: jsonObject.optional(),
  /** URI of a file that the outputs go to, in place of the news of the end. */
  outputsTo: z.string().optional(),
});
export type ParentLink = z.infer<typeof ParentLink>;

/** What a flowable asks for once its properties are rendered. Lists are named as in the plan (`tasks`, `then`, `case:a`). */
export const Expansion = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("sequence"),
    list: z.string(),
    /** At its end it takes over outputs of its tasks: name of its own, slot of the task, name there. */
    gathers: z.array(z.object({ name: z.string(), slot: z.int().min(0), from: z.string() })).optional(),
  }),
  z.object({ kind: z.literal("nothing"), state: z.enum(["SUCCESS", "FAILED"]), message: z.string().optional() }),
  /** `concurrency` 0 is no limit. */
  z.object({ kind: z.literal("parallel"), list: z.string(), concurrency: z.int().min(0) }),
  /** One sequence of `list` for each value; `spread` starts every (value, task) pair on its own. */
  z.object({
    kind: z.literal("each"),
    list: z.string(),
    values: z.array(z.string()),
    concurrency: z.int().min(0),
    spread: z.boolean().optional(),
    /** Children see `item.*` and the outputs of their own turn without an iteration key. */
    scoped: z.boolean().optional(),
    /** Names of the values, when they came from a map. */
    keys: z.array(z.string()).optional(),
    /** A failed turn ends alone, and counts for nothing. */
    tolerant: z.boolean().optional(),
    /** What the turns give is rendered when all are over: `evaluate-loop`. */
    gives: z.boolean().optional(),
  }),
  /** Each task of `list` starts once the tasks at the slots it depends on have ended. */
  z.object({
    kind: z.literal("dag"),
    list: z.string(),
    concurrency: z.int().min(0),
    dependsOn: z.array(z.array(z.int().min(0))),
  }),
  /** `list` again and again, until the condition holds or a limit is reached. */
  z.object({
    kind: z.literal("loop-until"),
    list: z.string(),
    intervalMs: z.number(),
    maxIterations: z.int().optional(),
    deadlineAt: at.optional(),
    failOnMaxReached: z.boolean(),
    /** Children see `item.index` and the outputs of their own turn. */
    scoped: z.boolean().optional(),
    /** `iterationCount` is already that of the next turn when the condition is asked. */
    countsAhead: z.boolean().optional(),
  }),
  /** `list` as a sequence whose tasks share one directory, prepared before the first and collected after the last. */
  z.object({
    kind: z.literal("place"),
    list: z.string(),
    files: jsonObject,
    outputFiles: z.array(z.string()),
    /** What it asks of the files of its namespace, as the task says. */
    namespaceFiles: jsonObject.optional(),
    cache: PlaceCache.optional(),
  }),
  /** One execution of a flow for each of `total` batches. */
  z.object({
    kind: z.literal("items"),
    total: z.int().min(0),
    wait: z.boolean(),
    transmitFailed: z.boolean(),
  }),
  /** Waits for a resume; at `until` it ends by itself as `behavior` says. */
  z.object({
    kind: z.literal("pause"),
    until: at.optional(),
    behavior: z.enum(["RESUME", "WARN", "FAIL", "CANCEL"]).optional(),
    /** A list that runs before it waits; it does not wait when that fails. */
    before: z.string().optional(),
  }),
  /** Runs until `until` without doing anything; `timedOut`: that is the timeout, which is sooner. */
  z.object({ kind: z.literal("sleep"), until: at, timedOut: z.boolean().optional() }),
  z.object({
    kind: z.literal("subflow"),
    namespace: z.string(),
    flowId: z.string(),
    revision: z.int().optional(),
    inputs: jsonObject,
    labels: z.array(Label),
    inheritLabels: z.boolean(),
    wait: z.boolean(),
    transmitFailed: z.boolean(),
    scheduleAt: at.optional(),
    /** Rendered by the started execution when its flow declares no outputs. */
    outputs: jsonObject.optional(),
    /** A restart of this execution restarts the failed one, too, instead of starting another. */
    restarts: z.boolean().optional(),
  }),
]);
export type Expansion = z.infer<typeof Expansion>;

export const Metric = z.object({
  name: z.string(),
  type: z.enum(["counter", "timer", "gauge"]),
  /** Timers are in milliseconds. */
  value: z.number(),
  tags: z.record(z.string(), z.string()).optional(),
});
export type Metric = z.infer<typeof Metric>;

/** What a task changes of its own execution. */
export const Updates = z.object({
  /** Replace labels of the same key. */
  labels: z.array(Label).optional(),
  /** Merged into `vars.*`. */
  variables: jsonObject.optional(),
  unset: z.array(z.string()).optional(),
  /** The execution ends now, in this state. */
  exit: z.enum(["SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED"]).optional(),
});
export type Updates = z.infer<typeof Updates>;

/** How an attempt ended, as whoever ran it says. */
export const TaskAnswer = z.object({
  state: z.enum(["SUCCESS", "WARNING", "FAILED", "KILLED", "SKIPPED", "CANCELLED"]),
  outputs: jsonObject.optional(),
  error: z.string().optional(),
  metrics: z.array(Metric).optional(),
  updates: Updates.optional(),
  /** URI of the list of files in the directory it shares with other tasks, as it left them. */
  place: z.string().optional(),
});
export type TaskAnswer = z.infer<typeof TaskAnswer>;

const history = z.object({ state: State, at });

/**
 * A task run taken over from another execution. Its place in the list is its index; `parent` is an index too, and always smaller. Tasks go
 * by id, since the revision may be another one.
 */
export const CopiedRun = z.object({
  taskId: z.string(),
  parent: z.int(),
  stage: z.enum(["main", "errors", "finally"]),
  lane: z.int(),
  value: z.string().optional(),
  iteration: z.int().optional(),
  state: State,
  histories: z.array(history),
  attempts: z.array(z.object({ state: State, from: at, to: at.optional() })),
  outputs: jsonObject.optional(),
  error: z.string().optional(),
  /** What it had become, for a flowable. */
  expansion: Expansion.optional(),
  /** Its tasks shared a directory, which is not taken over. */
  place: z.literal(true).optional(),
});
export type CopiedRun = z.infer<typeof CopiedRun>;

/** Whoever steers may name a command: the same name twice is one command. */
const commandId = z.string().optional();

export const ExecutionEvent = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("execution-created"),
    at,
    id: z.string(),
    tenant: z.string(),
    namespace: z.string(),
    flowId: z.string(),
    flowRevision: z.int(),
    inputs: jsonObject,
    labels: z.array(Label),
    trigger: ExecutionTrigger.optional(),
    variables: jsonObject.optional(),
    parent: ParentLink.optional(),
    scheduleAt: at.optional(),
    originalId: z.string().optional(),
    parentId: z.string().optional(),
    /** Numbers of the behaviour flags in force: `actors/engine/flags.ts`. */
    flags: z.array(z.int()).optional(),
    /** How many executions started one another to get here, subflows that nobody waits for included. */
    depth: z.int().optional(),
    /** How many may; left out: 25. */
    maxDepth: z.int().optional(),
    /** `metadata.attemptNumber`, and when the first of the chain was created: a retry or replay goes on counting. */
    attempt: z.int().optional(),
    originalCreatedAt: at.optional(),
    /** Task ids, or `taskId.value`, before which the execution stops. */
    breakpoints: z.array(z.string()).optional(),
    executionKind: z.enum(["NORMAL", "TEST", "PLAYGROUND"]).optional(),
    /** The flow's newest revision limits its executions, whatever the revision that runs says. */
    limited: z.boolean().optional(),
    /** A check of the flow said FAIL_EXECUTION: it ends FAILED at once, with this message. */
    failure: z.string().optional(),
    /** It goes on from what another execution did: `runs-copied` and `fork-completed` follow. */
    forked: z.object({ executionId: z.string(), seq: z.int().optional() }).optional(),
  }),
  /** Task runs of the execution it was forked from, in order; large ones come in several events. */
  z.object({ kind: z.literal("runs-copied"), at, runs: z.array(CopiedRun) }),
  /**
   * All is copied: it starts from its failed tasks, or from one task run, whose followers are taken out. `outputs` replaces those of copied
   * runs, by index; tasks named in `skip` are skipped.
   */
  z.object({
    kind: z.literal("fork-completed"),
    at,
    from: z.union([z.literal("failed"), z.int()]),
    outputs: z.record(z.string(), jsonObject).optional(),
    skip: z.array(z.string()).optional(),
  }),
  /** What the flow's actor says to `acquire-slot`; a queued execution is `granted` later, by the same effect. */
  z.object({
    kind: z.literal("slot-answered"),
    at,
    effect,
    answer: z.enum(["granted", "queued", "refused"]),
    /** Executions that held a slot then. */
    running: z.int().optional(),
    /** Why it is refused, when not because all slots are taken. */
    reason: z.string().optional(),
    /** What the flow's newest revision does with an execution that finds all slots taken. */
    behavior: z.enum(["QUEUE", "CANCEL", "FAIL"]).optional(),
  }),
  /** Whether the condition of a loop holds after a turn; or what its turns give. */
  z.object({
    kind: z.literal("loop-evaluated"),
    at,
    effect,
    done: z.boolean(),
    outputs: jsonObject.optional(),
    error: z.string().optional(),
  }),
  /** `manifest`: URI of the list of its files. */
  z.object({
    kind: z.literal("place-opened"),
    at,
    effect,
    error: z.string().optional(),
    manifest: z.string().optional(),
  }),
  z.object({
    kind: z.literal("place-closed"),
    at,
    effect,
    outputs: jsonObject.optional(),
    error: z.string().optional(),
  }),
  /** The execution of a batch could not be started. */
  z.object({ kind: z.literal("item-refused"), at, effect, message: z.string() }),
  /** An assertion of the flow's SLA does not hold. */
  z.object({ kind: z.literal("sla-violated"), at, sla: z.string(), reason: z.string() }),
  /** Handed to whoever runs it. `leaseUntil`: when no answer by then, the attempt is given to another. */
  z.object({
    kind: z.literal("task-dispatched"),
    at,
    effect,
    deadlineAt: at.optional(),
    leaseUntil: at.optional(),
    worker: z.string().optional(),
  }),
  /** Whoever ran it is gone: the same attempt is asked for again, under a new effect id. */
  z.object({ kind: z.literal("task-lost"), at, effect, reason: z.string() }),
  z.object({ kind: z.literal("task-expanded"), at, effect, expansion: Expansion, outputs: jsonObject.optional() }),
  z.object({ kind: z.literal("task-finished"), at, effect, answer: TaskAnswer }),
  z.object({ kind: z.literal("subflow-started"), at, effect, executionId: z.string() }),
  z.object({
    kind: z.literal("subflow-finished"),
    at,
    effect,
    executionId: z.string(),
    state: State,
    outputs: jsonObject.optional(),
  }),
  z.object({ kind: z.literal("timer-fired"), at, effect }),
  /** `executionId`: what a `start-retry` has started. */
  z.object({ kind: z.literal("effect-acknowledged"), at, effect, executionId: z.string().optional() }),
  z.object({
    kind: z.literal("outputs-rendered"),
    at,
    effect,
    outputs: jsonObject.optional(),
    error: z.string().optional(),
  }),
  z.object({ kind: z.literal("kill-requested"), at, cascade: z.boolean(), commandId }),
  z.object({ kind: z.literal("pause-requested"), at, commandId }),
  z.object({
    kind: z.literal("resume-requested"),
    at,
    /** Index of the paused task run; left out: the first one, or the execution's own manual pause. */
    run: z.int().optional(),
    inputs: jsonObject.optional(),
    /** Who resumed it, where that is known. */
    by: z.string().optional(),
    commandId,
  }),
  z.object({
    kind: z.literal("restart-requested"),
    at,
    flowRevision: z.int().optional(),
    /** Who waits for its end from now on: the Subflow task that restarted it. */
    parent: ParentLink.optional(),
    commandId,
  }),
  z.object({ kind: z.literal("labels-set"), at, labels: z.array(Label), commandId }),
  /** A queued execution leaves the queue: it runs, or ends. */
  z.object({
    kind: z.literal("unqueue-requested"),
    at,
    state: z.enum(["RUNNING", "CANCELLED", "FAILED"]),
    commandId,
  }),
  z.object({ kind: z.literal("force-run-requested"), at, commandId }),
  /** A task run is said to have ended so; the execution goes on from there. */
  z.object({ kind: z.literal("task-state-set"), at, run: z.int(), state: State, commandId }),
  /** An ended execution is said to have ended otherwise. */
  z.object({ kind: z.literal("status-set"), at, state: State, commandId }),
  /** Goes on from a breakpoint; `breakpoints` replaces those that are left. */
  z.object({
    kind: z.literal("breakpoint-resumed"),
    at,
    breakpoints: z.array(z.string()).optional(),
    commandId,
  }),
]);
export type ExecutionEvent = z.infer<typeof ExecutionEvent>;
export type EventOf<K extends ExecutionEvent["kind"]> = Extract<ExecutionEvent, { kind: K }>;
