import { ancestorsOf } from "#engine/index.ts";
import { type EvalContext, type Lookup, type LookupAnswer, lookupKey, type Outcome, renderDeep } from "#expr/index.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { EventOf, ExecutionEvent, ExecutionTrigger } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { LogLine } from "#schema/log.ts";
import type { Level } from "#schema/state.ts";
import { jsonSize, MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import { askerOf } from "./asker.ts";
import { errandOf, errandRunner } from "./errands.ts";
import { isItemAwaited, itemRequest } from "./items.ts";
import { isLarge, keptEvent, refusedByMemory } from "./kept.ts";
import type { Live, PerformedEffect } from "./live.ts";
import { contextOf, type Dialect, groupOf, lineOf, type Performance, perform, type Subject } from "./perform.ts";
import { closePlace, isClosing, openPlace, runsOfPlace } from "./places.ts";
import { afterTurn } from "./turns.ts";
import type { Host, World } from "./world.ts";

const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 30_000;
/** How often one effect may ask the world again because an answer made it ask for more. */
const MAX_LOOKUP_ROUNDS = 20;
/** Time beyond its own timeout that a stateless invocation has to answer, in ms. */
const LEASE_MARGIN_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 600_000;

type Parts = {
  world: World;
  host: Host;
  dialect: Dialect;
  renderOutputs: (flow: Flow, context: EvalContext) => Outcome<JsonObject>;
  /** Lets the execution go on after an answer. */
  turn: (live: Live) => void;
  /** True for the execution as it is in memory, and for what a deleted one has still to tell. */
  speaksFor: (live: Live, effect: PerformedEffect) => boolean;
  /** Lets `body` tell the execution something; it may have left the memory since, and is then read again. */
  tell: (id: string, body: (live: Live) => void) => void;
};

export type Rendering = (context: EvalContext) => Outcome<Json>;
export type Evaluation = { ok: true; value: Json } | { ok: false; message: string };

type WorldAnswer = Awaited<ReturnType<World["lookup"]>>;
type Of<K extends PerformedEffect["kind"]> = Extract<PerformedEffect, { kind: K }>;

/** Does what the reducer asks for. What leaves the actor is put into `leaving`, to be done after the commit. */
export class Effects {
  readonly #parts: Parts;
  readonly #rounds = new WeakMap<PerformedEffect, number>();
  /** Those that have a turn coming. */
  readonly #soon = new Set<Live>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  perform(live: Live, effect: PerformedEffect, leaving: (() => void)[]): void {
    const { world, host } = this.#parts;
    switch (effect.kind) {
      case "run-task":
        return this.#runTask(live, effect, leaving);
      case "render-outputs":
        return this.#renderOutputs(live, effect, leaving);
      case "cancel-task":
        return this.#cancel(live, effect, leaving);
      case "evaluate-loop":
        return this.#evaluateLoop(live, effect, leaving);
      case "start-subflow":
        leaving.push(() => this.#ask(live, effect, () => this.#startSubflow(live, effect)));
        return;
      case "start-item":
        return this.#startItem(live, effect, leaving);
      case "open-place":
        leaving.push(() => this.#ask(live, effect, () => openPlace(world, host, live, effect)));
        return;
      case "close-place":
        leaving.push(() => this.#closePlace(live, effect));
        return;
      case "acquire-slot":
        leaving.push(() => this.#ask(live, effect, () => this.#acquireSlot(live, effect)));
        return;
      case "notify-parent":
      case "notify-trigger":
      case "release-slot":
      case "kill-execution":
      case "kill-executions":
      case "start-retry": {
        const run = errandRunner(world, errandOf(live, effect), live.masker);
        leaving.push(() => this.#ask(live, effect, async () => this.#acknowledged(effect.id, await run())));
        return;
      }
    }
  }

  async #acquireSlot(live: Live, effect: Of<"acquire-slot">): Promise<ExecutionEvent | undefined> {
    // Given back, or asked for anew, since it was asked: a wish that comes late must not take a slot.
    if (!live.state.pending.some(({ id }) => id === effect.id)) return undefined;
    const { id, force = false } = effect;
    const wish = { executionId: live.id, effect: id, force, ancestors: ancestorsOf(live.state) };
    const answer = await this.#parts.world.acquireSlot(askerOf(live), wish);
    return { kind: "slot-answered", at: this.#parts.host.now(), effect: id, ...answer };
  }

  /** Adds a line to the log of the task run that `effectId` belongs to. */
  say(live: Live, effectId: string, level: Level, message: string): void {
    const run = live.state.runs.get(Number.parseInt(effectId, 10));
    live.say([
      lineOf(this.#subject(live, effectId), run, Math.max(0, (run?.attempts.length ?? 1) - 1), level, message),
    ]);
  }

  /** Renders with the answers that are there. */
  evaluateNow<T>(live: Live, rendering: (context: EvalContext) => Outcome<T>): Outcome<T> {
    return rendering(contextOf(this.#parts.dialect, this.#subject(live, ""), undefined));
  }

  /** As `evaluate`; one at a time for each key. Asked for while one is under way, it is done once more: things have changed. */
  evaluateLater(live: Live, key: string, rendering: Rendering, hear: (said: Evaluation) => void): void {
    const again = `again:${key}`;
    if (live.underway.has(key)) return void live.noted.add(again);
    live.underway.add(key);
    const once = (retryMs: number): void => {
      this.evaluate(live, undefined, rendering).then(
        (said) => {
          live.underway.delete(key);
          hear(said);
          if (live.noted.delete(again)) this.evaluateLater(live, key, rendering, hear);
          this.#parts.turn(live);
        },
        () => this.#parts.host.later(retryMs, () => once(Math.min(2 * retryMs, MAX_RETRY_MS))),
      );
    };
    once(FIRST_RETRY_MS);
  }

  /** Renders outside of any task, fetching what the expression needs. */
  async evaluate(live: Live, runIndex: number | undefined, rendering: Rendering): Promise<Evaluation> {
    const answers = new Map<string, LookupAnswer>();
    const run = runIndex === undefined ? undefined : live.state.runs.get(runIndex);
    for (let round = 0; round < MAX_LOOKUP_ROUNDS; ) {
      const outcome = rendering(contextOf(this.#parts.dialect, { ...this.#subject(live, ""), lookups: answers }, run));
      if (outcome.ok === true) return { ok: true, value: live.masker.maskDeep(outcome.value) };
      if (outcome.ok === false) return { ok: false, message: live.masker.mask(outcome.problem.message) };
      await this.#fetch(live, outcome.lookups, answers);
      if (outcome.lookups.some(({ kind }) => kind !== "stored")) round++;
    }
    return { ok: false, message: `The expression asks for more after ${MAX_LOOKUP_ROUNDS} answers.` };
  }

  async #fetch(live: Live, lookups: readonly Lookup[], answers: Map<string, LookupAnswer>): Promise<void> {
    const refused = refusedByMemory(lookups, answers);
    const found = lookups.map(
      async (lookup): Promise<[Lookup, WorldAnswer]> => [
        lookup,
        refused.get(lookup) ?? (await this.#parts.world.lookup(askerOf(live), lookup)),
      ],
    );
    for (const [lookup, answer] of await Promise.all(found)) {
      const isSecret = lookup.kind === "secret" || ("secret" in answer && answer.secret === true);
      if (isSecret && answer.ok && typeof answer.value === "string") live.learn(answer.value);
      if (lookup.kind === "seal") live.learn(String(lookup.args.text));
      answers.set(lookupKey(lookup), answer);
    }
  }

  #subject(live: Live, effectId: string): Subject {
    const { flow, plan } = live.program;
    const { host } = this.#parts;
    const lookups = live.lookups.get(effectId) ?? new Map();
    return {
      flow,
      plan,
      state: live.state,
      now: host.now(),
      random: () => host.random(),
      lookups,
      masker: live.masker,
    };
  }

  #runTask(live: Live, effect: Of<"run-task">, leaving: (() => void)[]): void {
    if (!isAwaited(live, effect)) return;
    const performance = perform(this.#parts.dialect, this.#subject(live, effect.id), effect);
    if (performance.kind === "needs") return this.#lookUp(live, effect, performance.lookups, leaving);
    live.lookups.delete(effect.id);
    if (performance.kind === "job") return this.#handOn(live, effect, performance, leaving);
    const { events, lines } = performance;
    if (events.some(isLarge)) {
      leaving.push(() => this.#ask(live, effect, () => this.#keepAndApply(live, effect, events, lines)));
      return;
    }
    live.say(lines);
    for (const event of events) live.apply(this.#fitting(live, effect, event));
  }

  /** Moves outputs that are too large for the log into files, then applies the events. Done again after a crash. */
  async #keepAndApply(
    live: Live,
    effect: Of<"run-task">,
    events: readonly ExecutionEvent[],
    lines: readonly LogLine[],
  ): Promise<undefined> {
    const kept: ExecutionEvent[] = [];
    for (const event of events) kept.push(await keptEvent(this.#parts.world, live, effect.id, event));
    if (!isAwaited(live, effect)) return;
    live.say(lines);
    for (const event of kept) {
      if (event.kind === "task-finished" && event.answer.error !== undefined && !events.includes(event))
        this.say(live, effect.id, "ERROR", event.answer.error);
      live.apply(this.#fitting(live, effect, { ...event, at: this.#parts.host.now() }));
    }
  }

  /** The event, or the failure of its task when it is more than a row may hold. */
  #fitting(live: Live, effect: Of<"run-task">, event: ExecutionEvent): ExecutionEvent {
    const size = jsonSize(event, MAX_VALUE_CHARACTERS);
    if (size <= MAX_VALUE_CHARACTERS) return event;
    const error = `The task gave about ${size} characters, ${MAX_VALUE_CHARACTERS} are allowed: write large values to a file and pass its URI.`;
    this.say(live, effect.id, "ERROR", error);
    return { kind: "task-finished", at: event.at, effect: effect.id, answer: { state: "FAILED", error } };
  }

  #handOn(
    live: Live,
    effect: Of<"run-task">,
    made: Extract<Performance, { kind: "job" }>,
    leaving: (() => void)[],
  ): void {
    const { host, world } = this.#parts;
    const { job } = made;
    if (made.where === "agent") {
      leaving.push(() =>
        this.#ask(live, effect, async () => {
          if (isAwaited(live, effect)) await world.enqueue(job, made.group ?? "default");
          return undefined;
        }),
      );
      return;
    }
    const at = host.now();
    const deadlineAt = job.timeoutMs === undefined ? {} : { deadlineAt: at + job.timeoutMs };
    const leaseUntil = at + (job.timeoutMs ?? DEFAULT_TIMEOUT_MS) + LEASE_MARGIN_MS;
    const worker = host.boot === undefined ? "edge" : `local:${host.boot}`;
    live.apply({ kind: "task-dispatched", at, effect: effect.id, leaseUntil, worker, ...deadlineAt });
    leaving.push(() => {
      // The same turn may have stopped it.
      if (!isHandedOn(live, effect)) return;
      void world.run([job]).catch((error: unknown) => this.#lost(live.id, effect.id, error));
    });
  }

  #lost(id: string, effect: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const { host, tell } = this.#parts;
    host.later(FIRST_RETRY_MS, () =>
      tell(id, (live) => void live.apply({ kind: "task-lost", at: host.now(), effect, reason })),
    );
  }

  #cancel(live: Live, effect: Of<"cancel-task">, leaving: (() => void)[]): void {
    const { world, dialect } = this.#parts;
    const task = live.program.plan.tasks[live.state.runs.get(effect.run)?.task ?? -1];
    const definition = task === undefined ? undefined : dialect.registry.task(task.type);
    const placed =
      definition !== undefined && "placedBy" in definition && task ? definition.placedBy?.(task.task) : undefined;
    const { flow, plan } = live.program;
    const group = (task === undefined ? undefined : groupOf(flow, plan, task)) ?? "default";
    const isAgent = (placed ?? definition?.where) === "agent";
    if (effect.queued && !isAgent) return;
    const job = { id: `${live.id}/${effect.target}`, tenant: askerOf(live).tenant, group: isAgent ? group : undefined };
    leaving.push(() =>
      this.#ask(live, effect, async () => {
        const reached = await world.cancel(job, "killed");
        return reached === "gone" || !isAgent ? this.#acknowledged(effect.id) : undefined;
      }),
    );
  }

  #closePlace(live: Live, effect: Of<"close-place">): void {
    const { world, host, tell } = this.#parts;
    const runs = runsOfPlace(live, effect);
    // Best effort: what is left goes with the execution.
    const remove = () => void world.removePlace(askerOf(live), runs).catch(() => undefined);
    if (!isClosing(live, effect)) return remove();
    this.#ask(live, effect, async () => {
      const event = await keptEvent(world, live, effect.id, await closePlace(world, host, live, effect));
      // Only once the answer is stored: until then it may be asked for again.
      host.soon(() => tell(live.id, (now) => (isClosing(now, effect) ? undefined : remove())));
      return event;
    });
  }

  #renderOutputs(live: Live, effect: Of<"render-outputs">, leaving: (() => void)[]): void {
    const { dialect, renderOutputs, host } = this.#parts;
    const context = contextOf(dialect, this.#subject(live, effect.id), undefined);
    // A flow without outputs of its own gives what its parent asks for.
    const asked = live.program.plan.hasOutputs ? undefined : live.state.facts?.parent?.outputs;
    const outcome = attempted(() =>
      asked === undefined ? renderOutputs(live.program.flow, context) : renderedMap(asked, context),
    );
    if (outcome.ok === "needs") return this.#lookUp(live, effect, outcome.lookups, leaving);
    live.lookups.delete(effect.id);
    const result = outcome.ok ? { outputs: outcome.value } : { error: live.masker.mask(outcome.problem.message) };
    const event: ExecutionEvent = { kind: "outputs-rendered", at: host.now(), effect: effect.id, ...result };
    this.#applyKept(live, effect, event, leaving);
  }

  /** Applies the event, once what is large in it is kept elsewhere. */
  #applyKept(live: Live, effect: PerformedEffect, event: ExecutionEvent, leaving: (() => void)[]): void {
    if (isLarge(event))
      leaving.push(() => this.#ask(live, effect, () => keptEvent(this.#parts.world, live, effect.id, event)));
    else live.apply(event);
  }

  #evaluateLoop(live: Live, effect: Of<"evaluate-loop">, leaving: (() => void)[]): void {
    const { dialect, renderOutputs, host } = this.#parts;
    const run = live.state.runs.get(effect.run);
    if (run?.waiting?.kind !== "condition" || run.waiting.effect !== effect.id) return;
    const outcome = attempted(() => afterTurn(dialect, renderOutputs, this.#subject(live, effect.id), run));
    if (outcome.ok === "needs") return this.#lookUp(live, effect, outcome.lookups, leaving);
    live.lookups.delete(effect.id);
    const common = { kind: "loop-evaluated", at: host.now(), effect: effect.id } as const;
    if (!outcome.ok) {
      live.apply({ ...common, done: true, error: live.masker.mask(outcome.problem.message) });
      return;
    }
    const { done, outputs } = outcome.value;
    this.#applyKept(live, effect, { ...common, done, ...(outputs === undefined ? {} : { outputs }) }, leaving);
  }

  /** Renders what a batch is given, then starts its execution; in a killed task, only finds out whether it was started before. */
  #startItem(live: Live, effect: Of<"start-item">, leaving: (() => void)[]): void {
    const { dialect, world, host } = this.#parts;
    if (!isItemAwaited(live, effect)) return;
    const rendering = itemRequest(dialect, this.#subject(live, effect.id), effect);
    if (rendering.kind === "needs") return this.#lookUp(live, effect, rendering.lookups, leaving);
    live.lookups.delete(effect.id);
    const { id } = effect;
    if (rendering.kind === "refused") {
      const message = live.masker.mask(rendering.message);
      live.apply({ kind: "item-refused", at: host.now(), effect: id, message });
      return;
    }
    const start = () =>
      this.#ask(live, effect, async () => {
        if (!isItemAwaited(live, effect)) return undefined;
        const isStopped = live.state.runs.get(effect.run)?.items?.stopped === true;
        const started = isStopped
          ? foundOr(await world.findSubflow(askerOf(live), id), "killed before it was started")
          : await world.startSubflow(
              askerOf(live),
              id,
              rendering.request,
              this.#triggerOf(live, effect.run),
              secretsIn(live, rendering.request),
            );
        const at = host.now();
        if (started.ok) return { kind: "subflow-started", at, effect: id, executionId: started.executionId };
        return { kind: "item-refused", at, effect: id, message: started.message };
      });
    // Executions that run in the same process would else follow one another without an end, and nobody outside be heard meanwhile.
    leaving.push(() => {
      live.underway.add(id);
      host.soon(start);
    });
  }

  /** What an execution that this task run starts sees as its trigger. */
  #triggerOf(live: Live, run: number): ExecutionTrigger {
    const { namespace, flowId } = askerOf(live);
    const task = live.program.plan.tasks[live.state.runs.get(run)?.task ?? -1];
    const flowRevision = live.state.facts?.flowRevision ?? 0;
    const variables = { executionId: live.id, namespace, flowId, flowRevision };
    return { id: task?.id ?? "", type: task?.type ?? "", variables };
  }

  async #startSubflow(live: Live, effect: Of<"start-subflow">): Promise<ExecutionEvent> {
    const trigger = this.#triggerOf(live, effect.run);
    const { id, request } = effect;
    const secrets = secretsIn(live, request);
    const started = await this.#parts.world.startSubflow(askerOf(live), id, request, trigger, secrets);
    const at = this.#parts.host.now();
    if (started.ok) return { kind: "subflow-started", at, effect: effect.id, executionId: started.executionId };
    this.say(live, effect.id, "ERROR", started.message);
    return { kind: "task-finished", at, effect: effect.id, answer: { state: "FAILED", error: started.message } };
  }

  /** `executionId`: what it has started. */
  #acknowledged(effect: string, executionId?: string): EventOf<"effect-acknowledged"> {
    const common = { kind: "effect-acknowledged", at: this.#parts.host.now(), effect } as const;
    return executionId === undefined ? common : { ...common, executionId };
  }

  /** Fetches what an expression needs, then performs the effect again. */
  #lookUp(live: Live, effect: PerformedEffect, lookups: readonly Lookup[], leaving: (() => void)[]): void {
    // Stored outputs are as many as there are, so asking for them comes to an end by itself.
    const asked = lookups.some(({ kind }) => kind !== "stored") ? 1 : 0;
    const rounds = (this.#rounds.get(effect) ?? 0) + asked;
    this.#rounds.set(effect, rounds);
    const answers = live.lookups.get(effect.id) ?? new Map<string, LookupAnswer>();
    live.lookups.set(effect.id, answers);
    if (rounds > MAX_LOOKUP_ROUNDS) {
      const message = `The expression asks for more after ${MAX_LOOKUP_ROUNDS} answers; fetch the values in tasks of their own.`;
      for (const lookup of lookups) answers.set(lookupKey(lookup), { ok: false, message });
      live.asked.push(effect);
      return;
    }
    leaving.push(() =>
      this.#ask(live, effect, async () => {
        await this.#fetch(live, lookups, answers);
        live.asked.push(effect);
        return undefined;
      }),
    );
  }

  /** One turn, and one commit, for all answers that are there by then. */
  #turnSoon(live: Live): void {
    if (this.#soon.has(live)) return;
    this.#soon.add(live);
    this.#parts.host.soon(() => {
      this.#soon.delete(live);
      this.#parts.turn(live);
    });
  }

  /** Calls the world and applies its answer; a rejected call is repeated later, for ever. */
  #ask(
    live: Live,
    effect: PerformedEffect,
    call: () => Promise<ExecutionEvent | undefined>,
    retryMs = FIRST_RETRY_MS,
  ): void {
    live.underway.add(effect.id);
    call().then(
      (event) => {
        live.underway.delete(effect.id);
        if (event !== undefined) live.apply(event);
        if (effect.kind === "start-item") this.#turnSoon(live);
        else this.#parts.turn(live);
      },
      () => {
        const next = Math.min(2 * retryMs, MAX_RETRY_MS);
        this.#parts.host.later(retryMs, () => {
          // [S5] One that was read again asks by itself; this one no longer knows what is waited for.
          if (this.#parts.speaksFor(live, effect)) this.#ask(live, effect, call, next);
        });
      },
    );
  }
}

/** True while the run waits for the answer of whoever it was handed to. */
function isHandedOn(live: Live, { run, id }: Of<"run-task">): boolean {
  const waiting = live.state.runs.get(run)?.waiting;
  return waiting?.kind === "answer" && waiting.effect === id;
}

/** True while the run still waits for this very start. */
function isAwaited(live: Live, { run, id }: Of<"run-task">): boolean {
  const waiting = live.state.runs.get(run)?.waiting;
  return waiting?.kind === "start" && waiting.effect === id;
}

/** The secrets of the execution that another one is started with. */
function secretsIn({ masker }: Live, request: object): readonly string[] {
  return masker.secrets.length === 0 ? [] : masker.within(JSON.stringify(request));
}

function foundOr(executionId: string | undefined, message: string): Awaited<ReturnType<World["startSubflow"]>> {
  return executionId === undefined ? { ok: false, message } : { ok: true, executionId };
}

/** The outcome; a mistake of ours in making it is a problem like any other, as it would come again at each try. */
function attempted<T>(render: () => Outcome<T>): Outcome<T> {
  try {
    return render();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: { code: "EXPR_TYPE", message, line: 1, column: 1 } };
  }
}

function renderedMap(map: JsonObject, context: EvalContext): Outcome<JsonObject> {
  const outcome = renderDeep(map, context);
  if (outcome.ok !== true) return outcome;
  return isJsonObject(outcome.value) ? { ok: true, value: outcome.value } : { ok: true, value: {} };
}
