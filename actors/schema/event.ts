import * as z from "zod";
import type { Json, JsonObject } from "./json.ts";
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

/** Who waits for the end of this execution: the Subflow task run's effect, in the parent's own cell. */
export const ParentLink = z.object({ executionId: z.string(), effect, depth: z.int() });
export type ParentLink = z.infer<typeof ParentLink>;

/** What a flowable asks for once its properties are rendered. Lists are named as in the plan (`tasks`, `then`, `case:a`). */
export const Expansion = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("sequence"), list: z.string() }),
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
  }),
  /** Waits for a resume; at `until` it ends by itself as `behavior` says. */
  z.object({
    kind: z.literal("pause"),
    until: at.optional(),
    behavior: z.enum(["RESUME", "WARN", "FAIL", "CANCEL"]).optional(),
  }),
  /** Runs until `until` without doing anything. */
  z.object({ kind: z.literal("sleep"), until: at }),
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
  }),
]);
export type Expansion = z.infer<typeof Expansion>;

export const Metric = z.object({
  name: z.string(),
  type: z.enum(["counter", "timer"]),
  /** Timers are in milliseconds. */
  value: z.number(),
  tags: z.record(z.string(), z.string()).optional(),
});
export type Metric = z.infer<typeof Metric>;

/** How an attempt ended, as whoever ran it says. */
export const TaskAnswer = z.object({
  state: z.enum(["SUCCESS", "WARNING", "FAILED", "KILLED", "SKIPPED", "CANCELLED"]),
  outputs: jsonObject.optional(),
  error: z.string().optional(),
  metrics: z.array(Metric).optional(),
});
export type TaskAnswer = z.infer<typeof TaskAnswer>;

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
    /** Numbers of the behaviour flags in force, none yet. */
    flags: z.array(z.int()).optional(),
  }),
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
  z.object({ kind: z.literal("effect-acknowledged"), at, effect }),
  z.object({
    kind: z.literal("outputs-rendered"),
    at,
    effect,
    outputs: jsonObject.optional(),
    error: z.string().optional(),
  }),
  z.object({ kind: z.literal("kill-requested"), at, cascade: z.boolean() }),
  z.object({ kind: z.literal("pause-requested"), at }),
  z.object({
    kind: z.literal("resume-requested"),
    at,
    /** Index of the paused task run; left out: the first one, or the execution's own manual pause. */
    run: z.int().optional(),
    inputs: jsonObject.optional(),
  }),
  z.object({ kind: z.literal("restart-requested"), at, flowRevision: z.int().optional() }),
  z.object({ kind: z.literal("labels-set"), at, labels: z.array(Label) }),
]);
export type ExecutionEvent = z.infer<typeof ExecutionEvent>;
export type EventOf<K extends ExecutionEvent["kind"]> = Extract<ExecutionEvent, { kind: K }>;
