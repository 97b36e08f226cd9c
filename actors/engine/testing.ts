import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent, Expansion, TaskAnswer } from "#schema/event.ts";
import type { Flow, Retry, Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import type { State } from "#schema/state.ts";
import type { Limits } from "./draft.ts";
import { compilePlan, type Plan } from "./plan.ts";
import { createReducer, type Reduce } from "./reduce.ts";
import { type ExecutionState, initialState, type TaskRun } from "./state.ts";

// Help for tests of the engine: flows in a line, and an execution driven by hand.

export function task(id: string, more: Partial<Task> = {}): Task {
  return { id, type: "test.Task", properties: {}, lists: {}, ...more };
}

export function flowOf(tasks: readonly Task[], more: Partial<Flow> = {}): Flow {
  return {
    id: "flow",
    namespace: "test",
    labels: [],
    inputs: [],
    variables: {},
    tasks,
    errors: [],
    finally: [],
    afterExecution: [],
    outputs: [],
    triggers: [],
    pluginDefaults: [],
    disabled: false,
    ...more,
  };
}

export const SEQUENCE = { kind: "sequence", list: "tasks" } as const;

export const CONSTANT_RETRY: Retry = {
  type: "constant",
  intervalMs: 1_000,
  maxIntervalMs: undefined,
  minIntervalMs: undefined,
  delayFactor: 2,
  maxAttempts: 3,
  maxDurationMs: undefined,
  warningOnRetry: false,
  behavior: "RETRY_FAILED_TASK",
};

export const SUBFLOW: Extract<Expansion, { kind: "subflow" }> = {
  kind: "subflow",
  namespace: "test",
  flowId: "child",
  inputs: {},
  labels: [],
  inheritLabels: false,
  wait: true,
  transmitFailed: true,
};

/** An execution whose effects are answered by the test. Keeps the log and what was asked. */
export class Driver {
  readonly plan: Plan;
  readonly log: ExecutionEvent[] = [];
  readonly asked: Effect[] = [];
  state: ExecutionState = initialState();
  now = 1_000;
  readonly #reduce: Reduce;

  constructor(flow: Flow, limits?: Limits) {
    this.plan = compilePlan(flow);
    this.#reduce = createReducer(this.plan, limits);
  }

  apply(event: ExecutionEvent): readonly Effect[] {
    const { state, effects } = this.#reduce(this.state, event);
    if (state !== this.state) this.log.push(event);
    this.state = state;
    this.asked.push(...effects);
    return effects;
  }

  create(more: Partial<Extract<ExecutionEvent, { kind: "execution-created" }>> = {}): this {
    this.apply({
      kind: "execution-created",
      at: this.now,
      id: "0123456789012345678900",
      tenant: "main",
      namespace: "test",
      flowId: "flow",
      flowRevision: 1,
      inputs: {},
      labels: [],
      ...more,
    });
    return this;
  }

  /** The newest run of the task; of the given iteration value when there is one. */
  run(id: string, value?: string): TaskRun {
    const found = [...this.state.runs].findLast(
      (run) => this.plan.tasks[run.task]?.id === id && (value === undefined || run.value === value) && !run.dropped,
    );
    if (found === undefined) throw new Error(`No run of ${id}`);
    return found;
  }

  has(id: string): boolean {
    return [...this.state.runs].some((run) => this.plan.tasks[run.task]?.id === id && !run.dropped);
  }

  effect(id: string, value?: string): string {
    const waiting = this.run(id, value).waiting;
    if (waiting === undefined || !("effect" in waiting)) throw new Error(`${id} waits for no answer`);
    return waiting.effect;
  }

  finish(id: string, answer: Partial<TaskAnswer> = {}, value?: string): this {
    const effect = this.effect(id, value);
    this.apply({ kind: "task-finished", at: this.now, effect, answer: { state: "SUCCESS", ...answer } });
    return this;
  }

  fail(id: string, value?: string): this {
    return this.finish(id, { state: "FAILED", error: "boom" }, value);
  }

  expand(id: string, expansion: Expansion, value?: string): this {
    this.apply({ kind: "task-expanded", at: this.now, effect: this.effect(id, value), expansion });
    return this;
  }

  dispatch(id: string, more: { leaseUntil?: number; deadlineAt?: number } = {}): this {
    this.apply({ kind: "task-dispatched", at: this.now, effect: this.effect(id), ...more });
    return this;
  }

  /** As `dispatch`, for the run of one iteration value. */
  dispatchOf(id: string, value: string): this {
    this.apply({ kind: "task-dispatched", at: this.now, effect: this.effect(id, value) });
    return this;
  }

  kill(cascade = true): readonly Effect[] {
    return this.apply({ kind: "kill-requested", at: this.now, cascade });
  }

  resume(run?: number, inputs?: JsonObject): this {
    const given = { ...(run === undefined ? {} : { run }), ...(inputs === undefined ? {} : { inputs }) };
    this.apply({ kind: "resume-requested", at: this.now, ...given });
    return this;
  }

  restart(): this {
    this.apply({ kind: "restart-requested", at: this.now });
    return this;
  }

  /** The subflow of the task has been started as `executionId`. */
  started(id: string, executionId: string): this {
    this.apply({ kind: "subflow-started", at: this.now, effect: this.effect(id), executionId });
    return this;
  }

  /** The subflow of the task has ended. */
  ended(id: string, state: State, outputs?: JsonObject): this {
    const more = outputs === undefined ? {} : { outputs };
    const event = {
      kind: "subflow-finished",
      at: this.now,
      effect: this.effect(id),
      executionId: "child",
      state,
    } as const;
    this.apply({ ...event, ...more });
    return this;
  }

  /** Whoever ran the killed task has stopped. */
  stopped(id: string): this {
    this.apply({ kind: "effect-acknowledged", at: this.now, effect: this.effect(id) });
    return this;
  }

  /** The pending effect of that kind is done. */
  acknowledge(kind: Effect["kind"], executionId?: string): this {
    const found = this.state.pending.find((effect) => effect.kind === kind);
    const more = executionId === undefined ? {} : { executionId };
    this.apply({ kind: "effect-acknowledged", at: this.now, effect: found?.id ?? "none", ...more });
    return this;
  }

  /** True when `body` changed the state. */
  changes(body: () => unknown): boolean {
    const before = this.state;
    body();
    return this.state !== before;
  }

  /** Moves the clock and fires every timer asked for that is due. */
  advance(ms: number): this {
    this.now += ms;
    const due = this.asked.filter((effect) => effect.kind === "wake-at" && effect.at <= this.now);
    for (const effect of due)
      if (effect.kind === "wake-at") this.apply({ kind: "timer-fired", at: this.now, effect: effect.id });
    return this;
  }

  states(): Record<string, string> {
    const entries = [...this.state.runs]
      .filter((run) => !run.dropped)
      .map((run) => [`${this.plan.tasks[run.task]?.id}${run.value === undefined ? "" : `[${run.value}]`}`, run.state]);
    return Object.fromEntries(entries);
  }
}
