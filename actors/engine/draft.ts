import type { AnsweredEffect, Effect, EffectId } from "#schema/effect.ts";
import type { EpochMs } from "#schema/json.ts";
import { isTerminal, type Level, type State } from "#schema/state.ts";
import { hasFlag } from "./flags.ts";
import type { Plan, PlanTask } from "./plan.ts";
import type { Attempt, Container, ExecutionState, TaskRun } from "./state.ts";
import type { Owner, Vector } from "./vector.ts";

/** What one execution may have. */
export type Limits = { readonly maxTaskRuns: number };

/** Task runs one execution may have. */
export const MAX_TASK_RUNS = 100_000;
export const LIMITS: Limits = { maxTaskRuns: MAX_TASK_RUNS };

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One application of the reducer in the making: reads as the state will be, changes nothing that was handed out.
 * The only place where effect ids are made.
 */
export class Draft {
  readonly plan: Plan;
  readonly limits: Limits;
  readonly at: EpochMs;
  readonly effects: Effect[] = [];
  /** Task runs that have ended in this step and whose containers do not know it yet. */
  readonly ended: number[] = [];
  /** The state the execution's own tasks ended in, in this step. */
  rootEnded: "SUCCESS" | "WARNING" | "FAILED" | "KILLED" | undefined = undefined;
  /** The task run, now RETRIED, for which a new execution is to replace this one, and when. */
  replaced: { run: number; at: EpochMs } | undefined = undefined;
  readonly #state: Writable<ExecutionState>;
  readonly #owner: Owner = {};

  constructor(plan: Plan, state: ExecutionState, at: EpochMs, limits: Limits = LIMITS) {
    this.plan = plan;
    this.limits = limits;
    this.at = at;
    this.#state = { ...state, at, seq: state.seq + 1 };
  }

  get state(): ExecutionState {
    return this.#state;
  }

  /** Changes fields of the execution. */
  set(change: Partial<ExecutionState>): void {
    Object.assign(this.#state, change);
  }

  run(index: number): TaskRun {
    const run = this.#state.runs.get(index);
    if (run === undefined) throw new Error(`No task run ${index}`);
    return run;
  }

  task(run: TaskRun): PlanTask {
    const task = this.plan.tasks[run.task];
    if (task === undefined) throw new Error(`No task ${run.task} in the plan`);
    return task;
  }

  add(run: TaskRun): void {
    this.#state.runs = this.#state.runs.push(run, this.#owner);
    this.#state.live += Number(!isTerminal(run.state));
  }

  update(index: number, change: Partial<TaskRun>): TaskRun {
    const run = { ...this.run(index), ...change };
    this.#state.runs = this.#state.runs.set(index, run, this.#owner);
    return run;
  }

  /** Puts `run` where the run of its index is. */
  replace(run: TaskRun): void {
    this.#state.runs = this.#state.runs.set(run.index, run, this.#owner);
  }

  /** Moves a task run to `state`, with its place in the histories. */
  move(index: number, state: State, change: Partial<TaskRun> = {}): TaskRun {
    const run = this.run(index);
    this.#count(run.state, -1);
    this.#count(state, 1);
    const attempts = closed(change.attempts ?? run.attempts, state, this.at);
    return this.update(index, { ...change, attempts, state, histories: [...run.histories, { state, at: this.at }] });
  }

  /** Takes a task run out of the execution: nothing is shown of it, and nothing moves it any more. */
  drop(index: number): void {
    const run = this.run(index);
    if (run.dropped) return;
    this.#count(run.state, -1);
    this.update(index, { dropped: true, waiting: undefined });
  }

  #count(state: State, delta: 1 | -1): void {
    if (isTerminal(state)) return;
    this.#state.live += delta;
    if (state === "PAUSED") this.#state.paused += delta;
    else if (state === "RETRYING") this.#state.retrying += delta;
    else if (state === "BREAKPOINT") this.#state.atBreakpoint += delta;
  }

  /** Moves the execution to `state`. */
  moveExecution(state: State): void {
    if (this.#state.status === state) return;
    this.#state.status = state;
    this.#state.histories = [...this.#state.histories, { state, at: this.at }];
  }

  /** It goes on: as RUNNING, or as it waits for the slot that a restart asked for [Q1]. */
  goOn(): void {
    const slot = hasFlag(this.#state.facts, "waitsForItsSlot") ? this.#state.slot?.state : undefined;
    this.moveExecution(slot === "asked" ? "RESTARTED" : slot === "queued" ? "QUEUED" : "RUNNING");
  }

  /** The container of the flowable `owner`; of the execution for -1. */
  container(owner: number): Container | undefined {
    return owner < 0 ? this.#state.root : this.run(owner).container;
  }

  setContainer(owner: number, container: Container): void {
    if (owner < 0) this.#state.root = container;
    else this.update(owner, { container });
  }

  pushTo<T>(list: Vector<T>, item: T): Vector<T> {
    return list.push(item, this.#owner);
  }

  setIn<T>(list: Vector<T>, index: number, item: T): Vector<T> {
    return list.set(index, item, this.#owner);
  }

  /** A fresh id of an effect of this task run, or of the execution for -1. */
  effectId(run: number): EffectId {
    this.#state.counter += 1;
    return `${run < 0 ? "x" : run}:${this.#state.counter}`;
  }

  /** Takes `count` consecutive effect numbers; the first of them. */
  reserve(count: number): number {
    const first = this.#state.counter + 1;
    this.#state.counter += count;
    return first;
  }

  ask(effect: Effect): void {
    this.effects.push(effect);
  }

  /** Asks for an effect of the execution itself and keeps it until it is answered. */
  askAndKeep(effect: AnsweredEffect): void {
    this.#state.pending = [...this.#state.pending, effect];
    this.effects.push(effect);
  }

  /** A timer of this task run, or of the execution for -1. */
  timer(run: number, at: EpochMs): EffectId {
    const id = this.effectId(run);
    this.ask({ kind: "wake-at", id, at });
    return id;
  }

  log(level: Level, message: string, run?: number): void {
    this.effects.push(run === undefined ? { kind: "log", level, message } : { kind: "log", level, message, run });
  }
}

/** `attempts` with an open last one closed when the run leaves it. */
function closed(attempts: readonly Attempt[], state: State, at: EpochMs): readonly Attempt[] {
  const last = attempts.at(-1);
  const isOver = isTerminal(state) || state === "RETRYING" || state === "RESTARTED";
  if (last === undefined || last.to !== undefined || !isOver) return attempts;
  // What begins again before it had ended was given up.
  const ended = state === "RETRYING" ? "FAILED" : state === "RESTARTED" ? "KILLED" : state;
  return [...attempts.slice(0, -1), { ...last, state: ended, to: at }];
}

/** The index of the task run an effect id belongs to; -1 for the execution itself; NaN for what is no effect id. */
export function effectRun(id: EffectId): number {
  if (id.startsWith("x:")) return -1;
  return Number.parseInt(id, 10);
}
