import { FLAGS } from "#engine/flags.ts";
import { type ExecutionState, initialState, type Plan, type Reduce, type TaskRun } from "#engine/index.ts";
import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import { isTerminal, type State } from "#schema/state.ts";
import type { Model } from "../model/model.ts";
import { Answers } from "./answers.ts";
import { ownerless } from "./owners.ts";

// What one execution has committed, event by event, and the invariants that each step must keep.

export type Circumstances = {
  /** Nothing dies, clocks are right, alarms on time: timers have to be, too. */
  isPunctual: boolean;
  /** The storage never fails and clocks are right: what a dead process did is begun again as soon as the next one is there. */
  isRevived: boolean;
  /** When each start of the process died, by its name, on the wall clock. */
  bootEnds: ReadonlyMap<string, number>;
  complain: (text: string) => void;
  /** True for an execution that another one took the place of. */
  isReplaced: (id: string) => boolean;
};

/** Events that may take an execution out of a terminal state. */
const REVIVES: ReadonlySet<string> = new Set(["restart-requested", "status-set", "task-state-set", "fork-completed"]);
/** How soon after a death what it took with it is started again, in ms. */
const REVIVED_MS = 60_000;
/** How late a timer may be where alarms are on time, in ms. */
const PUNCTUAL_MS = 1_000;
/** How long a killed execution may take to end where alarms are on time: the grace, and a second. */
const KILLED_WITHIN_MS = 21_000;
const MOST_SAME_STATE = 50;
const MOST_DEPTH = 25;

export class Trail {
  readonly id: string;
  readonly flow: Flow;
  readonly plan: Plan;
  readonly reduce: Reduce;
  readonly source: string;
  state: ExecutionState = initialState();
  readonly events: ExecutionEvent[] = [];
  /** States by sequence number, for what lists show. */
  readonly statuses: State[] = ["CREATED"];
  /** Kinds of the effects that committed events asked for, by id. */
  readonly asked = new Map<string, Effect>();
  /** Task runs ended by hand or by a kill that anybody asked for. */
  readonly commands = new Map<string, number>();
  model: Model | undefined;
  due: number | undefined;
  readonly #around: Circumstances;
  readonly #timers = new Map<string, number>();
  readonly #answered = new Set<string>();
  readonly #answers: Answers;
  readonly #early: string[] = [];
  #killedAt: number | undefined;

  constructor(parts: {
    id: string;
    flow: Flow;
    plan: Plan;
    reduce: Reduce;
    source: string;
    model: Model | undefined;
    around: Circumstances;
  }) {
    this.id = parts.id;
    this.flow = parts.flow;
    this.plan = parts.plan;
    this.reduce = parts.reduce;
    this.source = parts.source;
    this.model = parts.model;
    this.#around = { ...parts.around, complain: (text) => parts.around.complain(`${parts.id}: ${text}`) };
    this.#answers = new Answers(this.plan, this.#around);
  }

  /** Somebody said what became of task runs, or they were taken over from another execution. */
  get isOverridden(): boolean {
    return this.state.facts?.forked !== undefined || this.events.some(({ kind }) => kind === "task-state-set");
  }

  complain(text: string): void {
    this.#around.complain(text);
  }

  /** A commit is on the disk. */
  committed(events: readonly ExecutionEvent[], due: number | undefined): void {
    for (const event of events) this.#take(event);
    this.due = due;
    for (const text of ownerless(this.state, due)) this.complain(text);
    this.#checkSlot();
  }

  /** [I4] Nothing of a limited flow runs without a slot. */
  #checkSlot(): void {
    const { status, slot, facts } = this.state;
    if (this.flow.concurrency === undefined || !facts?.flags?.includes(FLAGS.concurrency)) return;
    const runs = status === "RUNNING" || status === "RETRYING";
    if (runs && slot?.state !== "held") this.complain(`I4 it is ${status}, and its slot is ${slot?.state ?? "none"}`);
  }

  #take(event: ExecutionEvent): void {
    const before = this.state;
    const { state, effects } = this.reduce(before, event);
    this.state = state;
    this.events.push(event);
    this.statuses.push(state.status);
    if (state === before) this.complain(`I9 the log holds an event that changes nothing: ${event.kind}`);
    if (event.at < before.at) this.complain("I24 time went back in the log");
    if (state !== before && state.seq !== before.seq + 1)
      this.complain(`I24 seq ${before.seq} was followed by ${state.seq}`);
    this.#checkAnswer(before, event);
    this.#checkTimer(before, event);
    this.#checkCommand(event);
    this.#checkEffects(effects, event);
    this.#checkStates(before, event);
    this.#answers.take(before, state, event);
    this.model?.take(before, state, event);
  }

  #checkAnswer(before: ExecutionState, event: ExecutionEvent): void {
    if (event.kind === "task-finished") {
      if (this.#answered.has(event.effect)) this.complain(`I1 two results of effect ${event.effect}`);
      this.#answered.add(event.effect);
    }
    if (!isAwaited(before, event)) this.complain(`I14 nobody waited for ${event.kind} of an effect`);
  }

  #checkTimer(before: ExecutionState, event: ExecutionEvent): void {
    if (event.kind !== "timer-fired") return;
    const { bootEnds, isPunctual, isRevived } = this.#around;
    const lateMs = event.at - (this.#timers.get(event.effect) ?? Number.NEGATIVE_INFINITY);
    const diedAt = bootEnds.get(leaseholder(before, event.effect) ?? "");
    if (isRevived && diedAt !== undefined && event.at > diedAt + REVIVED_MS)
      this.complain(`I11 ${event.effect} was waited for although its worker had died ${event.at - diedAt} ms ago`);
    // Before an execution is deleted its timers are let go: only what stays is looked at.
    const isGrace = before.status === "KILLING";
    if (lateMs < 0 && !isGrace) this.#early.push(`I16 timer ${event.effect} went off ${-lateMs} ms early`);
    if (isPunctual && lateMs > PUNCTUAL_MS) this.complain(`I11 timer ${event.effect} went off ${lateMs} ms late`);
  }

  #checkCommand(event: ExecutionEvent): void {
    if (REVIVES.has(event.kind)) this.#killedAt = undefined;
    if (!("commandId" in event) || event.commandId === undefined) return;
    const times = (this.commands.get(event.commandId) ?? 0) + 1;
    this.commands.set(event.commandId, times);
    if (times > 1) this.complain(`I19 command ${event.commandId} had ${times} effects`);
  }

  #checkEffects(effects: readonly Effect[], event: ExecutionEvent): void {
    for (const effect of effects) {
      if (!("id" in effect)) continue;
      // What was due before it was asked for is due at once: a retry that waited for the branches beside it.
      if (effect.kind === "wake-at") this.#timers.set(effect.id, Math.max(effect.at, event.at));
      if (this.asked.has(effect.id)) this.complain(`E3 effect id ${effect.id} used twice`);
      this.asked.set(effect.id, effect);
      if (this.#killedAt !== undefined && effect.kind === "run-task" && !isTerminal(this.state.status))
        this.complain(`I3 an attempt was asked for after a kill, by ${event.kind} in ${this.state.status}`);
    }
  }

  #checkStates(before: ExecutionState, event: ExecutionEvent): void {
    const { state } = this;
    if (event.kind === "kill-requested" && !isTerminal(before.status) && before.status !== "KILLING")
      this.#killedAt = event.at;
    if (this.#killedAt !== undefined) {
      for (const run of escaped(before, state)) this.complain(`I3 ${run} after a kill, by ${event.kind}`);
      const ended = isTerminal(state.status) && !isTerminal(before.status);
      if (ended && this.#around.isPunctual && event.at - this.#killedAt > KILLED_WITHIN_MS)
        this.complain(`I3 ended ${event.at - this.#killedAt} ms after the kill`);
    }
    // A kill takes back the execution that was to replace this one.
    const isTakenBack = before.status === "RETRIED" && event.kind === "kill-requested";
    if (isTerminal(before.status) && state.status !== before.status && !REVIVES.has(event.kind) && !isTakenBack)
      this.complain(`I2 ${before.status} was left by ${event.kind}`);
    const depth = state.facts?.depth ?? state.facts?.parent?.depth ?? 0;
    if (event.kind === "execution-created" && depth > MOST_DEPTH) this.complain(`I18 started at depth ${depth}`);
  }

  /** What only the end shows. */
  finish(): void {
    const { state } = this;
    for (const text of this.#early) this.complain(text);
    if (this.#killedAt !== undefined && state.status !== "KILLED") this.complain(`I3 killed, but ${state.status}`);
    if (!isTerminal(state.status)) this.complain(`I11 not terminal when all is quiet: ${state.status}`);
    if (state.slot?.state === "held" || state.slot?.state === "queued")
      this.complain(`I4 its slot is ${state.slot.state} at the end`);
    for (const effect of state.pending) this.complain(`I15 ${effect.kind} was never answered`);
    for (const run of state.runs) if (!run.dropped) this.#checkEnd(run);
    this.model?.finish(state);
  }

  #checkEnd(run: TaskRun): void {
    const id = this.plan.tasks[run.task]?.id;
    if (!isTerminal(run.state)) this.complain(`I11 task run ${id} is ${run.state}, waiting for ${run.waiting?.kind}`);
    if (run.attempts.some((attempt) => attempt.to === undefined)) this.complain(`I17 an attempt of ${id} never ended`);
    const retry = this.plan.tasks[run.task]?.retry;
    const most = retry?.maxAttempts ?? 1;
    if (
      this.state.attempt === 1 &&
      !this.isOverridden &&
      most > 0 &&
      run.attempts.length > Math.max(1, most) &&
      run.container === undefined
    )
      this.complain(`I16 ${id} was tried ${run.attempts.length} times`);
    const pauses = run.histories.filter((entry) => entry.state === "PAUSED").length;
    // A loop that was copied and skipped has the pauses between the turns of the other execution, and no container.
    if (
      run.waiting === undefined &&
      run.container === undefined &&
      this.state.facts?.forked === undefined &&
      pauses > run.attempts.length + this.state.attempt - 1
    )
      this.complain(`I13 ${id} paused ${pauses} times in ${run.attempts.length} attempts`);
    const same = new Map<State, number>();
    for (const entry of run.histories) same.set(entry.state, (same.get(entry.state) ?? 0) + 1);
    for (const [state, times] of same)
      if (times > MOST_SAME_STATE) this.complain(`I25 ${id} became ${state} ${times} times`);
  }
}

/** The start of the process that has the attempt whose lease this timer ends. */
function leaseholder(state: ExecutionState, timer: string): string | undefined {
  const waiting = state.runs.get(Number.parseInt(timer, 10))?.waiting;
  if (waiting?.kind !== "answer" || waiting.lease?.id !== timer) return undefined;
  return waiting.worker?.startsWith("local:") ? waiting.worker.slice("local:".length) : undefined;
}

/** False for the answer to, or the timer of, an effect that the state before it does not name anywhere as what it waits for. */
function isAwaited(before: ExecutionState, event: ExecutionEvent): boolean {
  if (event.kind !== "task-finished" && event.kind !== "timer-fired") return true;
  const { effect } = event;
  const run = effect.startsWith("x:") ? undefined : before.runs.get(Number.parseInt(effect, 10));
  if (run === undefined || run.dropped) return before.pending.some((pending) => pending.id === effect);
  return run.waiting !== undefined && names(run.waiting, effect);
}

function names(value: unknown, effect: string): boolean {
  if (value === effect) return true;
  return typeof value === "object" && value !== null && Object.values(value).some((part) => names(part, effect));
}

/** Task runs that ended otherwise than KILLED in a step of an execution that is killed, afterExecution left out. */
function escaped(before: ExecutionState, after: ExecutionState): string[] {
  const found: string[] = [];
  if (before.status !== "KILLING" && before.status !== "KILLED") return found;
  if (after.runs === before.runs) return found;
  for (const run of after.runs) {
    const was = before.runs.get(run.index);
    if (was === undefined || was.state === run.state || isAfterEnd(after, run)) continue;
    if (run.state !== "KILLED" && run.state !== "KILLING") found.push(`task run ${run.index} became ${run.state}`);
  }
  return found;
}

/** True for what stands below `afterExecution`, however deep. */
function isAfterEnd(state: ExecutionState, run: TaskRun): boolean {
  const parent = state.runs.get(run.parent);
  return parent === undefined ? run.stage === "afterExecution" : isAfterEnd(state, parent);
}
