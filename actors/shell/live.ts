import {
  compilePlan,
  createReducer,
  type ExecutionState,
  initialState,
  type Plan,
  pack,
  type Reduce,
  thaw,
  unansweredItems,
} from "#engine/index.ts";
import type { LookupAnswer } from "#expr/index.ts";
import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import type { EpochMs } from "#schema/json.ts";
import { cutMessage, type LogLine, type LogSpan } from "#schema/log.ts";
import { Masker } from "#schema/mask.ts";
import { isAtLeast, isTerminal, type Level } from "#schema/state.ts";
import { sizeOf } from "#schema/value-size.ts";
import { Fifo } from "./fifo.ts";
import { lineOf } from "./perform.ts";
import { sealedEvent } from "./sealing.ts";
import { type Commit, type Heard, NO_VAULT, type Stored, type Vault } from "./store.ts";
import { Timers } from "./timers.ts";

/** Effects that somebody has to do something for. */
export type PerformedEffect = Exclude<Effect, { kind: "wake-at" } | { kind: "log" }>;

/** A flow revision, parsed once for all its executions in a cell. */
export type Program = {
  readonly name: string;
  readonly revision: number;
  readonly source: string;
  readonly flow: Flow;
  readonly plan: Plan;
  readonly reduce: Reduce;
};

export function programOf(
  name: string,
  revision: number,
  source: string,
  flow: Flow,
  reducer: (plan: Plan) => Reduce = createReducer,
): Program {
  const plan = compilePlan(flow);
  return { name, revision, source, flow, plan, reduce: reducer(plan) };
}

/** First snapshot after this many events; each further one after as many again as there are. */
const FIRST_SNAPSHOT = 2_000;
/** An execution with more task runs is replayed from its log: its snapshot would take as much memory as the log takes time. */
const MAX_SNAPSHOT_RUNS = 20_000;

/**
 * One execution in memory: its state, what is not stored yet, and what it asks for.
 *
 * G1. Events are stored in the order they were applied, with nothing in between left out.
 * G2. An event that changed nothing is not stored.
 * G3. Time in the log never goes back, whatever the clock does.
 * G4. A line that an attempt numbered is stored once, however often it is told.
 * G5. No event holds a text with a secret that the execution was given: see sealing.ts.
 */
export class Live {
  readonly id: string;
  readonly program: Program;
  readonly masker: Masker;
  /** Answers of the world for an effect that is being performed, by effect id. */
  readonly lookups = new Map<string, Map<string, LookupAnswer>>();
  state: ExecutionState;
  /** Effects to perform. */
  readonly asked = new Fifo<PerformedEffect>();
  /** What is said once only while the execution is in memory, and evaluations to be done once more. */
  readonly noted = new Set<string>();
  /** Answers under way that this cell itself waits for, by effect id. */
  readonly underway = new Set<string>();
  isStored: boolean;
  projected: number;
  /** The state that the projection was last told. */
  shown: Pick<ExecutionState, "status" | "labels"> | undefined;
  lineCount: number;
  #events: ExecutionEvent[] = [];
  #lines: LogLine[] = [];
  /** Up to where attempts that run elsewhere have told their lines, by effect; and whose rows do not say so yet. */
  readonly #heard = new Map<string, Heard>();
  readonly #newlyHeard = new Set<string>();
  #newSecrets: string[] = [];
  readonly #vault: Vault;
  #snapshotAt: number;
  readonly #timers = new Timers();
  #bytes = 0;

  private constructor(id: string, program: Program, state: ExecutionState, stored: Stored | undefined, vault: Vault) {
    this.#vault = vault;
    this.id = id;
    this.program = program;
    this.state = state;
    this.isStored = stored !== undefined;
    this.projected = stored?.projected ?? 0;
    this.lineCount = stored?.lines ?? 0;
    this.masker = new Masker(stored?.secrets);
    this.#snapshotAt = stored?.snapshot?.seq ?? 0;
  }

  /** `vault`: what seals the secrets in its events. */
  static create(id: string, program: Program, vault = NO_VAULT): Live {
    return new Live(id, program, initialState(), undefined, vault);
  }

  /** The stored execution; what it still waits for is asked for again. */
  static load(id: string, program: Program, stored: Stored, vault = NO_VAULT): Live {
    const snapshot = stored.snapshot === undefined ? undefined : thaw(stored.snapshot.body);
    let state = snapshot ?? initialState();
    const events = stored.snapshot !== undefined && snapshot === undefined ? stored.log() : stored.events;
    for (const event of events) state = program.reduce(state, event).state;
    const live = new Live(id, program, state, stored, vault);
    live.#recall();
    const { lostSecrets = 0 } = stored;
    if (lostSecrets > 0 && !live.isTerminal)
      live.sayOnce(
        "lost-secrets",
        "WARN",
        `${lostSecrets} secrets of this execution cannot be hidden any more: the key they were sealed with is gone.`,
      );
    return live;
  }

  get isTerminal(): boolean {
    return isTerminal(this.state.status);
  }

  /** True while something is under way here that a crash would lose. */
  get isBusy(): boolean {
    return this.asked.size > 0 || this.underway.size > 0 || this.#events.length > 0 || this.#lines.length > 0;
  }

  /** Applies an event; false when it changed nothing. */
  apply(event: ExecutionEvent): boolean {
    const fit = this.sealed(event);
    const clamped = fit.at < this.state.at ? { ...fit, at: this.state.at } : fit;
    const { state, effects } = this.program.reduce(this.state, clamped);
    if (state === this.state) return false;
    this.state = state;
    this.#events.push(clamped);
    this.#bytes += sizeOf(clamped);
    for (const effect of effects) this.#take(effect);
    return true;
  }

  /** [T4] Hides this secret from now on, and in later lives. */
  learn(secret: string): void {
    if (this.masker.add(secret)) this.#newSecrets.push(secret);
  }

  /** [G5] The event without the secrets that it was given. */
  sealed(event: ExecutionEvent): ExecutionEvent {
    return sealedEvent(event, this.masker, this.#vault);
  }

  /** Adds lines to the log. */
  say(lines: readonly LogLine[]): void {
    for (const line of lines) {
      const minimum = this.#minimumLevel(line.taskId);
      if (minimum !== undefined && !isAtLeast(line.level, minimum)) continue;
      this.#line({ ...line, message: cutMessage(this.masker.mask(line.message)) });
    }
  }

  /** [G4] Adds those of the lines that were not heard before. `stored`: what the rows know of this attempt. */
  hear(effect: string, lines: readonly LogLine[], { epoch, from }: LogSpan, stored: () => Heard | undefined): void {
    const known = this.#heard.get(effect) ?? stored() ?? { epoch, next: from };
    // An older lease has nothing to say any more; a newer one begins anew.
    if (epoch < known.epoch) return;
    const next = epoch === known.epoch ? known.next : from;
    this.say(lines.slice(Math.max(0, next - from)));
    this.#heard.set(effect, { epoch, next: Math.max(next, from + lines.length) });
    this.#newlyHeard.add(effect);
  }

  /** Adds a line, once for each key. */
  sayOnce(key: string, level: Level, message: string): void {
    if (this.noted.has(key)) return;
    this.noted.add(key);
    this.say([{ at: this.state.at, level, message }]);
  }

  #minimumLevel(taskId: string | undefined): Level | undefined {
    const { byId, tasks } = this.program.plan;
    const number = taskId === undefined ? undefined : byId.get(taskId);
    return number === undefined ? undefined : tasks[number]?.task.logLevel;
  }

  #take(effect: Effect): void {
    if (effect.kind === "wake-at") this.#timers.add(effect.at, effect.id);
    else if (effect.kind === "log") this.#logged(effect);
    else this.asked.push(effect);
  }

  #logged(effect: Extract<Effect, { kind: "log" }>): void {
    const run = effect.run === undefined ? undefined : this.state.runs.get(effect.run);
    const subject = { state: this.state, plan: this.program.plan, now: this.state.at, masker: this.masker };
    this.#line(lineOf(subject, run, Math.max(0, (run?.attempts.length ?? 1) - 1), effect.level, effect.message));
  }

  #line(line: LogLine): void {
    this.#lines.push(line);
    this.#bytes += line.message.length + 100;
  }

  /** After a load: what is not answered is asked for again, and timers are set again. */
  #recall(): void {
    this.asked.push(...this.state.pending.filter((effect) => effect.kind !== "wake-at"));
    for (const effect of this.state.pending) if (effect.kind === "wake-at") this.#timers.add(effect.at, effect.id);
    for (const run of this.state.runs) if (!run.dropped && run.waiting !== undefined) this.#recallRun(run.index);
  }

  #recallRun(index: number): void {
    const run = this.state.runs.get(index);
    const waiting = run?.waiting;
    if (run === undefined || waiting === undefined) return;
    switch (waiting.kind) {
      case "start":
        this.asked.push({
          kind: "run-task",
          id: waiting.effect,
          run: index,
          attempt: run.attempts.filter((a) => a.to !== undefined).length,
        });
        return;
      case "condition":
        this.asked.push({ kind: "evaluate-loop", id: waiting.effect, run: index });
        return;
      case "retry":
      case "sleep":
      case "interval":
        this.#timers.add(waiting.at, waiting.timer);
        return;
      case "pause":
        if (waiting.timer !== undefined && waiting.until !== undefined) this.#timers.add(waiting.until, waiting.timer);
        return;
      case "answer":
        if (waiting.lease !== undefined) this.#timers.add(waiting.lease.at, waiting.lease.id);
        if (waiting.deadline !== undefined) this.#timers.add(waiting.deadline.at, waiting.deadline.id);
        return;
      case "cancel":
        this.#timers.add(waiting.at, waiting.timer);
        if (waiting.isTask)
          this.asked.push({ kind: "cancel-task", id: waiting.effect, run: index, target: waiting.target });
        return;
      case "subflow":
        if (waiting.executionId === undefined)
          this.asked.push({ kind: "start-subflow", id: waiting.effect, run: index, request: waiting.request });
        return;
      case "place-open":
        this.asked.push({ kind: "open-place", id: waiting.effect, run: index });
        return;
      case "place-close":
        this.asked.push({ kind: "close-place", id: waiting.effect, run: index });
        return;
      case "items":
        if (waiting.stop !== undefined) this.#timers.add(waiting.stop.at, waiting.stop.id);
        for (const { id, batch } of unansweredItems(run))
          this.asked.push({ kind: "start-item", id, run: index, index: batch });
        return;
      case "held":
      case "breakpoint":
        return;
    }
  }

  /** Effects of timers that are due at `now`, taken out. */
  takeDue(now: EpochMs): string[] {
    return this.#timers.takeDue(now);
  }

  get nextTimer(): EpochMs | undefined {
    return this.#timers.next;
  }

  /** About how much the next commit holds, in characters. */
  get unstoredSize(): number {
    return this.#bytes;
  }

  /** True when an event was applied since the last commit. */
  get hasEvents(): boolean {
    return this.#events.length > 0;
  }

  get hasChanges(): boolean {
    return this.#events.length > 0 || this.#lines.length > 0 || this.#newSecrets.length > 0;
  }

  #takeHeard(): [effect: string, heard: Heard][] {
    const heard = [...this.#heard].filter(([effect]) => this.#newlyHeard.has(effect));
    this.#newlyHeard.clear();
    return heard;
  }

  /** What is to be stored now, and what followers are told. */
  takeCommit(due: EpochMs | undefined, boot: string | undefined, firstSnapshot = FIRST_SNAPSHOT): Commit {
    const { name, revision, source } = this.program;
    const events = this.#events;
    const lines = this.#lines;
    const head = this.state.seq;
    this.lineCount += lines.length;
    const isDue = this.state.runs.size <= MAX_SNAPSHOT_RUNS;
    const snapshot =
      isDue && head >= Math.max(firstSnapshot, 2 * this.#snapshotAt)
        ? { seq: head, body: pack(this.state) }
        : undefined;
    if (snapshot !== undefined) this.#snapshotAt = head;
    const commit: Commit = {
      id: this.id,
      ...(this.isStored ? {} : { source: { name, revision, body: source } }),
      head,
      events,
      lines,
      lineCount: this.lineCount,
      due,
      boot,
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(lines.length === 0 || this.#newlyHeard.size === 0 ? {} : { heard: this.#takeHeard() }),
      ...(this.#newSecrets.length === 0 ? {} : { secrets: this.#newSecrets }),
    };
    this.#events = [];
    this.#lines = [];
    this.#newSecrets = [];
    this.#bytes = 0;
    this.isStored = true;
    return commit;
  }
}
