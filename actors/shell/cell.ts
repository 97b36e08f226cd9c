import { type Plan, type Reduce, refusal, toExecutionJson, toSummary } from "#engine/index.ts";
import type { ChildEnd, Command, CommandAnswer, StartRequest } from "#schema/cell.ts";
import type { ExecutionEvent, ParentLink, TaskAnswer } from "#schema/event.ts";
import type { ExecutionJson, ExecutionSummary } from "#schema/execution.ts";
import type { Flow } from "#schema/flow.ts";
import type { EpochMs, Json } from "#schema/json.ts";
import { cutMessage, type LogLine, type LogSpan } from "#schema/log.ts";
import type { SlotAnswer } from "#schema/slot.ts";
import { jsonSize, MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import { Agenda } from "./agenda.ts";
import { Asking } from "./asking.ts";
import { completed, isKnown, refusedAnswer } from "./command-answer.ts";
import { eventOf } from "./command-event.ts";
import { Effects } from "./effects.ts";
import { Errands, isErrand } from "./errands.ts";
import { type Evaluation, Evaluations, type Rendering } from "./evaluations.ts";
import { Live, type PerformedEffect } from "./live.ts";
import type { Dialect } from "./perform.ts";
import { Programs } from "./programs.ts";
import { Projector } from "./projector.ts";
import { isUnfinished, lostAttempts } from "./recovery.ts";
import { Residents } from "./residents.ts";
import { watchSlas } from "./sla-watch.ts";
import { startEvents } from "./start-events.ts";
import type { CellStore, Vault } from "./store.ts";
import type { Host, World } from "./world.ts";

// A cell: the executions of one actor, each with its own state and log. Load, reduce, commit, perform.
//
// S1. An effect leaves only after the commit of the events that asked for it; the same goes for an answer to a caller.
// S2. A turn takes at most SLICE_MS or SLICE_STEPS, then commits and lets others in.
// S3. Nothing is only in memory: whatever is not finished can be found again from the rows, by `open` or by its due time.
// S5. An execution that could not be committed is dropped from memory and read again: what is not stored did not happen.
// S4. Calls may come twice, late and out of order; the reducer decides what they mean.

const SLICE_MS = 5;
const SLICE_STEPS = 200;
/** A turn is cut when it holds about this much, far below what a row may hold. */
const SLICE_CHARACTERS = 400_000;
/** When an execution that is busy is looked at again, should everything else be lost. */
const LOOK_AGAIN_MS = 10_000;

export type CellParts = {
  store: CellStore;
  world: World;
  host: Host;
  dialect: Dialect;
  /** Never fails: the source was accepted when the flow was saved. */
  parse: (source: string) => Flow;
  renderOutputs: ConstructorParameters<typeof Effects>[0]["renderOutputs"];
  /** What seals the secrets in events; without one they are stored as they are. */
  vault?: Vault;
  /** Events before an execution gets its first snapshot; for tests. */
  snapshotAfter?: number;
  /** Another reducer than the engine's; for tests that plant mistakes. */
  reducer?: (plan: Plan) => Reduce;
};

/** Hears of what was committed. Numbers count from 0 and are those of the first item. */
export interface Watcher {
  committed(
    live: Live,
    events: readonly ExecutionEvent[],
    firstEvent: number,
    lines: readonly LogLine[],
    firstLine: number,
  ): void;
}

/** The execution was removed: its id is not used again. */
export class Removed extends Error {
  constructor(id: string) {
    super(`The execution ${id} was deleted.`);
  }
}

export class Cell {
  readonly #store: CellStore;
  readonly #host: Host;
  readonly #programs: Programs;
  readonly #snapshotAfter: number | undefined;
  readonly #vault: Vault | undefined;
  readonly #effects: Effects;
  readonly #evaluations: Evaluations;
  readonly #projector: Projector;
  readonly #errands: Errands;
  readonly #residents = new Residents();
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #agenda: Agenda;

  constructor(parts: CellParts) {
    const { store, world, host, dialect, renderOutputs } = parts;
    this.#store = store;
    this.#host = host;
    this.#agenda = new Agenda(host);
    this.#programs = new Programs(parts.parse, parts.reducer);
    this.#snapshotAfter = parts.snapshotAfter;
    this.#vault = parts.vault;
    const turn = (live: Live) => this.#background(live);
    const tell = (id: string, body: (live: Live) => void) => this.#guarded(id, () => this.#tell(id, body));
    const speaksFor = (live: Live, effect: PerformedEffect) =>
      this.#residents.get(live.id) === live || (isErrand(effect) && this.#errands.isRemoved(live));
    const asking = new Asking({ world, host, turn, speaksFor });
    this.#evaluations = new Evaluations({ host, dialect, asking, turn });
    this.#effects = new Effects({ world, host, dialect, renderOutputs, asking, tell });
    this.#projector = new Projector(world, host, store);
    this.#errands = new Errands(world, host, store);
    this.#open();
  }

  /** Starts an execution, once for each id. Throws `Removed` for one that was removed: it does not come back. */
  start(request: StartRequest): Live {
    const known = this.find(request.id);
    if (known !== undefined) return known;
    if (this.#store.isRemoved(request.id)) throw new Removed(request.id);
    const live = Live.create(request.id, this.#programs.ofRequest(request), this.#vault);
    this.#residents.add(live);
    for (const secret of request.secrets ?? []) live.learn(secret);
    for (const event of startEvents(request, this.#host.now())) this.#apply(live, event);
    this.#turn(live);
    return live;
  }

  /** The execution, loaded if need be; undefined when this cell never heard of it. */
  find(id: string): Live | undefined {
    const live = this.#residents.get(id);
    if (live !== undefined) return live;
    const stored = this.#store.load(id);
    if (stored === undefined) return undefined;
    const program = this.#programs.of(stored.sourceName, stored.revision, stored.source);
    const loaded = Live.load(id, program, stored, this.#vault);
    this.#residents.add(loaded);
    if (loaded.asked.size > 0) this.#host.soon(() => this.#background(loaded));
    return loaded;
  }

  /** As readers outside see it: without the secrets it was given. */
  json(live: Live): ExecutionJson {
    const json = toExecutionJson(live.state, live.program.plan, this.#host.now());
    return live.masker.maskDeep(json as Json) as ExecutionJson;
  }

  /** Takes a command, once for each name: the second answer is as the first. */
  command(live: Live, command: Command): CommandAnswer {
    if (isKnown(live.state, command)) return { ok: true, execution: this.json(live) };
    const refused = refusedAnswer(live, command);
    if (refused !== undefined) return refused;
    const event = eventOf(completed(live.state, command), live.id, this.#host.now());
    if (event !== undefined && !this.#deliver(live, event) && command.kind === "resume") {
      const message = `Task run '${command.taskRunId ?? ""}' is not paused, can't resume it`;
      return { ok: false, status: 409, message };
    }
    return { ok: true, execution: this.json(live) };
  }

  /** The end of an attempt; false when nobody waits for it any more. */
  answer(live: Live, effect: string, answer: TaskAnswer, lines: readonly LogLine[], span?: LogSpan): boolean {
    this.#hear(live, effect, lines, span);
    const said = answer.error === undefined ? answer : { ...answer, error: cutMessage(live.masker.mask(answer.error)) };
    const size = jsonSize(said, MAX_VALUE_CHARACTERS);
    const error = `The outputs take about ${size} characters, ${MAX_VALUE_CHARACTERS} are allowed: write large values to a file and pass its URI.`;
    const tooLarge = size > MAX_VALUE_CHARACTERS;
    const taken: TaskAnswer = tooLarge ? { state: "FAILED", error } : said;
    const applied = this.#apply(live, { kind: "task-finished", at: this.#host.now(), effect, answer: taken });
    if (applied && tooLarge) this.#effects.say(live, effect, "ERROR", error);
    this.#turn(live);
    return applied;
  }

  /** Somebody runs the attempt. */
  dispatched(live: Live, effect: string, more: { worker?: string; leaseUntil?: EpochMs }): boolean {
    return this.#deliver(live, { kind: "task-dispatched", at: this.#host.now(), effect, ...more });
  }

  /** The flow's actor speaks of a slot without being asked; true when the execution holds the one that `effect` asked for. */
  slotAnswered(live: Live, effect: string, answer: SlotAnswer): boolean {
    this.#deliver(live, { kind: "slot-answered", at: this.#host.now(), effect, ...answer });
    const { slot } = live.state;
    return slot?.state === "held" && slot.effect === effect;
  }

  /** Lines that an attempt writes; with `span` those that were heard before are left out. */
  say(live: Live, effect: string, lines: readonly LogLine[], span?: LogSpan): void {
    this.#hear(live, effect, lines, span);
    this.#turn(live);
  }

  #hear(live: Live, effect: string, lines: readonly LogLine[], span: LogSpan | undefined): void {
    if (span === undefined) return live.say(lines);
    live.hear(effect, lines, span, () => this.#store.heard(live.id, effect));
  }

  /** A child of this execution has ended. */
  childEnded(live: Live, link: ParentLink, { executionId, state, outputs, secrets = [] }: ChildEnd): void {
    for (const secret of secrets) live.learn(secret);
    const event = { kind: "subflow-finished", at: this.#host.now(), effect: link.effect, executionId, state } as const;
    this.#deliver(live, outputs === undefined ? event : { ...event, outputs });
  }

  /** Renders an expression as the task run (or the execution) would see it now; secrets are masked. */
  evaluate(live: Live, run: number | undefined, rendering: Rendering): Promise<Evaluation> {
    return this.#evaluations.evaluate(live, run, rendering);
  }

  /** Takes the execution out for ever; its id stays behind. */
  remove(live: Live): void {
    if (refusal(live.state, { kind: "kill", cascade: false }) === undefined) {
      const at = this.#host.now();
      this.#apply(live, { kind: "kill-requested", at, cascade: true });
      // Nobody will be there to hear that what runs has stopped: whoever waits for the end is told now.
      for (const effect of live.takeDue(Number.POSITIVE_INFINITY))
        this.#apply(live, { kind: "timer-fired", at, effect });
      this.#turn(live);
    }
    const summary: ExecutionSummary = { ...toSummary(live.state), seq: live.state.seq + 1, deleted: true };
    this.#errands.remove(live, JSON.stringify(summary));
    this.#projector.removed(summary);
    this.#residents.delete(live.id);
    this.#agenda.put(live.id, undefined);
    this.#afterRemoval(live);
    this.#armForOthers();
  }

  /** [D2] What a deleted execution still tells others is done, and nothing else of it. */
  #afterRemoval(live: Live): void {
    try {
      if (!this.#errands.crossOut(live)) return;
    } catch (error) {
      this.#host.failed(error);
      this.#host.later(LOOK_AGAIN_MS, () => this.#afterRemoval(live));
      return;
    }
    const leaving: (() => void)[] = [];
    for (let effect = live.asked.shift(); effect !== undefined; effect = live.asked.shift())
      if (isErrand(effect)) this.#effects.perform(live, effect, leaving);
    for (const leave of leaving) leave();
  }

  watch(id: string, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, watchers.add(watcher));
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id);
    };
  }

  /** Fires what is due and looks again at what may have been forgotten. Called by the alarm and by the sweep. */
  wake(): void {
    const now = this.#host.now();
    for (const id of this.#agenda.takeDue(now))
      this.#guarded(id, () => {
        const live = this.find(id);
        if (live === undefined) return;
        for (const effect of live.takeDue(now)) this.#apply(live, { kind: "timer-fired", at: now, effect });
        this.#turn(live, true);
      });
    try {
      this.#store.flush();
    } catch (error) {
      this.#host.failed(error);
    }
    this.#rearm();
  }

  /** Finds what an earlier life of this cell left behind. */
  #open(): void {
    for (const { id, due, boot, isProjected } of this.#store.open()) {
      this.#agenda.put(id, due);
      if (!isProjected) this.#host.soon(() => this.#guarded(id, () => this.#project(id)));
      if (boot === undefined || boot === this.#host.boot) continue;
      this.#guarded(id, () => this.#revive(id));
    }
    // Written by `remove`, and read by nobody else.
    for (const summary of this.#store.untold()) this.#projector.removed(JSON.parse(summary) as ExecutionSummary);
    this.#errands.recall();
    this.#rearm();
  }

  /** Goes on with what an earlier start of this process was doing. */
  #revive(id: string): void {
    const live = this.find(id);
    if (live === undefined) return;
    for (const { effect } of lostAttempts(live.state, this.#host.boot))
      this.#apply(live, { kind: "task-lost", at: this.#host.now(), effect, reason: "the server was restarted" });
    this.#host.soon(() => this.#background(live, true));
  }

  #tell(id: string, body: (live: Live) => void): void {
    const live = this.find(id);
    if (live === undefined) return;
    body(live);
    this.#turn(live);
  }

  #project(id: string): void {
    const live = this.find(id);
    if (live === undefined) return;
    // What is not stored is not told: its commit tells it.
    if (live.hasChanges) return this.#turn(live);
    this.#projector.changed(live);
    this.#armForLists();
  }

  #deliver(live: Live, event: ExecutionEvent): boolean {
    const applied = this.#apply(live, event);
    this.#turn(live);
    return applied;
  }

  #apply(live: Live, event: ExecutionEvent): boolean {
    return live.apply(event);
  }

  /** A turn that nobody waits for: what goes wrong is reported, and the execution is looked at again later. */
  #background(live: Live, always = false): void {
    this.#guarded(live.id, () => this.#turn(live, always));
  }

  /** Does something for one execution; what goes wrong with it does not stop the others of the cell. */
  #guarded(id: string, body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#lookAgain(id);
      this.#host.failed(error);
    }
  }

  /** [S5] Something went wrong with it: it is read again soon, whoever was to hear of what it had done. */
  #lookAgain(id: string): void {
    this.#agenda.put(id, this.#host.now() + LOOK_AGAIN_MS);
    this.#agenda.arm(this.#host.now() + LOOK_AGAIN_MS);
  }

  /** Performs what is asked for, within one slice, and commits. */
  #turn(live: Live, always = false): void {
    if (this.#residents.get(live.id) !== live) return this.#afterRemoval(live);
    const until = this.#host.now() + SLICE_MS;
    const leaving: (() => void)[] = [];
    for (let step = 0; live.asked.size > 0 && step < SLICE_STEPS; step++) {
      const effect = live.asked.shift();
      if (effect !== undefined) this.#effects.perform(live, effect, leaving);
      if (live.unstoredSize > SLICE_CHARACTERS || (step % 8 === 7 && this.#host.now() >= until)) break;
    }
    watchSlas(live, this.#evaluations, this.#host, leaving);
    if (live.hasChanges || always) this.#commit(live);
    for (const leave of leaving) leave();
    if (live.asked.size > 0) this.#host.soon(() => this.#background(live));
    this.#residents.rested(live);
  }

  #commit(live: Live): void {
    const due = this.#dueOf(live);
    const boot = isUnfinished(live.state) ? (this.#host.boot ?? "-") : undefined;
    const commit = live.takeCommit(due, boot, this.#snapshotAfter);
    try {
      this.#store.commit(commit);
    } catch (error) {
      this.#residents.delete(live.id);
      this.#lookAgain(live.id);
      throw error;
    }
    this.#agenda.put(live.id, due);
    if (due !== undefined) this.#agenda.arm(due);
    this.#projector.changed(live);
    this.#armForLists();
    const watchers = this.#watchers.get(live.id);
    if (watchers === undefined) return;
    const firstLine = commit.lineCount - commit.lines.length;
    for (const watcher of [...watchers])
      watcher.committed(live, commit.events, commit.head - commit.events.length, commit.lines, firstLine);
  }

  /** When to look at it again though nobody calls. */
  #dueOf(live: Live): EpochMs | undefined {
    const { pending } = live.state;
    const isAsking = pending.some(({ kind }) => kind !== "wake-at");
    const again = live.asked.size > 0 || live.underway.size > 0 || isAsking;
    const lookAgain = again ? this.#host.now() + LOOK_AGAIN_MS : Number.POSITIVE_INFINITY;
    // Timers of task runs that are over are still in the heap; nobody waits for them.
    const isOver = live.isTerminal && live.state.live === 0 && pending.length === 0;
    const next = Math.min(lookAgain, isOver ? Number.POSITIVE_INFINITY : (live.nextTimer ?? Number.POSITIVE_INFINITY));
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  #rearm(): void {
    this.#agenda.rearm();
    this.#armForLists();
    this.#armForOthers();
  }

  /** [D2] Should this life of the cell end before all have heard of a deleted execution, its alarm begins the next. */
  #armForOthers(): void {
    if (this.#errands.isOpen) this.#agenda.arm(this.#host.now() + LOOK_AGAIN_MS);
  }

  /** Where no start of the host wakes this cell, its alarm sees to it that the lists hear of what was committed last. */
  #armForLists(): void {
    if (this.#host.boot === undefined && this.#projector.isOpen) this.#agenda.arm(this.#host.now() + LOOK_AGAIN_MS);
  }
}
