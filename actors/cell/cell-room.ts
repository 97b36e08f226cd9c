import { copyRuns, pausedRun, toExecutionJson } from "#engine/index.ts";
import { type EvalContext, renderTyped } from "#expr/index.ts";
import { resolveInputs } from "#flow/inputs.ts";
import { renderOutputs } from "#flow/outputs.ts";
import { parseFlow } from "#flow/parse-flow.ts";
import type {
  ChildEnd,
  Command,
  CommandAnswer,
  Evaluated,
  EventPage,
  ForkSource,
  Standing,
  StartRequest,
} from "#schema/cell.ts";
import type { ParentLink, TaskAnswer } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Flow } from "#schema/flow.ts";
import { taskRunId, taskRunIndex } from "#schema/ids.ts";
import type { JsonObject } from "#schema/json.ts";
import type { LogEntry, LogFilter, LogLine, LogSelection, LogSpan } from "#schema/log.ts";
import type { MetricEntry, MetricFilter } from "#schema/metric.ts";
import type { SlotAnswer } from "#schema/slot.ts";
import { isTerminal, type Level } from "#schema/state.ts";
import { Cell, Removed } from "#shell/cell.ts";
import { isKnown, refusedAnswer } from "#shell/command-answer.ts";
import { stateAt } from "#shell/history.ts";
import type { Live } from "#shell/live.ts";
import type { Surroundings } from "#shell/scope.ts";
import type { Sql } from "#shell/sql.ts";
import { CellStore, type Vault } from "#shell/store.ts";
import type { Host, World } from "#shell/world.ts";
import { prepareProperties } from "#tasks/property.ts";
import { registry } from "#tasks/registry.ts";
import { filterLogs } from "./log-entry.ts";
import { metricEntries } from "./metric-entry.ts";
import { shown } from "./shown.ts";
import { followEvents, followExecution, followLogs, streamAll, untilSettled } from "./streams.ts";

/** Longest result of an expression that is shown; a stored output may be longer. */
const MAX_RESULT_CHARACTERS = 8_000_000;

/** What a cell answers to calls from outside: finds the execution, asks the cell, gives the answer the form callers know. */
export class CellRoom {
  readonly #store: CellStore;
  readonly #cell: Cell;

  constructor(parts: { sql: Sql; host: Host; world: World; surroundings: Surroundings; vault?: Vault }) {
    const { sql, host, world, surroundings, vault } = parts;
    this.#store = new CellStore(sql, vault);
    const dialect = { registry, prepare: prepareProperties, surroundings };
    this.#cell = new Cell({ store: this.#store, world, host, dialect, parse: acceptedFlow, renderOutputs, vault });
  }

  async start(request: StartRequest): Promise<ExecutionJson | null> {
    const live = this.#started(request);
    if (live === undefined) return null;
    return this.#cell.json(request.wait ? await untilSettled(this.#cell, live) : live);
  }

  #started(request: StartRequest): Live | undefined {
    try {
      return this.#cell.start(request);
    } catch (error) {
      if (error instanceof Removed) return undefined;
      throw error;
    }
  }

  get(id: string, { at }: { at?: number } = {}): ExecutionJson | null {
    return this.#with(id, (live) => {
      if (at === undefined || at >= live.state.seq) return this.#cell.json(live);
      const state = stateAt(this.#store, live, at);
      return state.facts === undefined ? null : shown(live, toExecutionJson(state, live.program.plan));
    });
  }

  /** What a fork of the execution takes over. */
  forkOf(id: string, { seq }: { seq?: number } = {}): ForkSource | null {
    return this.#with(id, (live) => {
      const { plan, source, revision } = live.program;
      const state = seq === undefined || seq >= live.state.seq ? live.state : stateAt(this.#store, live, seq);
      const { facts, attempt, status } = state;
      if (facts === undefined) return null;
      const { runs, indices } = copyRuns(state, plan);
      const taskRunIds = indices.map((index) => taskRunId(id, index));
      return {
        facts,
        seq: state.seq,
        state: status,
        attempt,
        labels: [...state.labels],
        source,
        revision,
        runs,
        taskRunIds,
        ...(live.masker.secrets.length === 0 ? {} : { secrets: live.masker.secrets }),
      };
    });
  }

  async command(id: string, command: Command): Promise<CommandAnswer> {
    const live = this.#cell.find(id);
    if (live === undefined) return { ok: false, status: 404, message: `Unable to find the execution ${id}` };
    if (command.kind !== "resume") return this.#cell.command(live, command);
    const typed = await this.#resumeInputs(live, command);
    return typed.ok ? this.#cell.command(live, { ...command, inputs: typed.value }) : { ...typed, status: 422 };
  }

  /** What is given at a resume, typed and checked as the paused task asks for it. */
  async #resumeInputs(
    live: Live,
    { taskRunId, inputs = {} }: Extract<Command, { kind: "resume" }>,
  ): Promise<{ ok: true; value: JsonObject } | { ok: false; message: string }> {
    const index = taskRunId === undefined ? undefined : taskRunIndex(live.id, taskRunId);
    const paused = pausedRun(live.state, index);
    const asks = live.program.plan.tasks[paused?.task ?? -1]?.task.asks ?? [];
    if (asks.length === 0) return { ok: true, value: {} };
    const outcome = await this.#cell.evaluate(live, paused?.index, (context) => {
      const resolved = resolveInputs({ inputs: asks }, inputs, context);
      if (resolved.needs.length > 0) return { ok: "needs", lookups: [...resolved.needs] };
      const wrong = resolved.problems.filter(({ severity = "error" }) => severity === "error");
      if (wrong.length === 0) return { ok: true, value: resolved.inputs };
      const message = wrong.map((problem) => problem.message).join(", ");
      return { ok: false, problem: { code: "EXPR_FAILED", message, line: 1, column: 1 } };
    });
    // The rendering gives a map of inputs, so its masked form is one too.
    return outcome.ok ? { ok: true, value: outcome.value as JsonObject } : outcome;
  }

  /** Of each id: null when it is not here. For steering many at once, so that one call answers for all of a cell. */
  standing(ids: readonly string[], command: Command): (Standing | null)[] {
    return ids.map((id) =>
      this.#with(id, (live): Standing => {
        // A command that was taken before is not asked for again, whatever it has changed since.
        const refused = isKnown(live.state, command) ? undefined : refusedAnswer(live, command);
        return { state: live.state.status, ...(refused === undefined ? {} : { refusal: refused.message }) };
      }),
    );
  }

  logs(id: string, filter: LogFilter): LogEntry[] | null {
    return this.#with(id, (live) => filterLogs(live, this.#store.lines(id, 0), filter));
  }

  /** What tasks have measured. */
  metrics(id: string, filter: MetricFilter): MetricEntry[] | null {
    return this.#with(id, (live) => metricEntries(live, this.#store.events(id, 0), filter));
  }

  /** Takes away log lines of an execution that has ended; how many there were. */
  removeLogs(id: string, { levels, from = 0, to = Number.POSITIVE_INFINITY }: LogSelection): number | null {
    return this.#with(id, (live) => {
      if (!isTerminal(live.state.status)) return 0;
      const isMeant = ({ at, level }: LogLine) => at >= from && at < to && (levels?.includes(level) ?? true);
      return this.#store.removeLines(id, isMeant);
    });
  }

  followExecution(id: string): ReadableStream<Uint8Array> | null {
    return this.#with(id, (live) => followExecution(this.#cell, live));
  }

  followLogs(id: string, minLevel: Level = "TRACE"): ReadableStream<Uint8Array> | null {
    return this.#with(id, (live) => followLogs(this.#cell, this.#store, live, minLevel));
  }

  stream(id: string, after = { seq: 0, line: 0 }): ReadableStream<Uint8Array> | null {
    return this.#with(id, (live) => streamAll(this.#cell, this.#store, live, after));
  }

  events(id: string, after: number, limit?: number): EventPage | null {
    return this.#with(id, (live) => {
      const { source, revision } = live.program;
      const events = this.#store.events(id, after, limit).map((event) => shown(live, event));
      return { source, revision, events, head: live.state.seq };
    });
  }

  followEvents(id: string, after: number): ReadableStream<Uint8Array> | null {
    return this.#with(id, (live) => followEvents(this.#cell, this.#store, live, after));
  }

  async evaluate(id: string, taskRunId: string | undefined, expression: string): Promise<Evaluated | null> {
    const live = this.#cell.find(id);
    if (live === undefined) return null;
    const run = taskRunId === undefined ? undefined : taskRunIndex(id, taskRunId);
    const outcome = await this.#cell.evaluate(live, run, (context: EvalContext) => renderTyped(expression, context));
    if (!outcome.ok) {
      const { message, problem } = outcome;
      return { error: message, stackTrace: message, ...(problem && { problem }) };
    }
    const result = typeof outcome.value === "string" ? outcome.value : JSON.stringify(outcome.value);
    if (result.length <= MAX_RESULT_CHARACTERS) return { result };
    const error = `The result has ${result.length} characters, ${MAX_RESULT_CHARACTERS} are shown at most: ask for a part of it.`;
    return { error, stackTrace: error };
  }

  remove(id: string): boolean {
    return this.#with(id, (live) => this.#cell.remove(live)) !== null;
  }

  answer(id: string, effect: string, answer: TaskAnswer, lines: readonly LogLine[] = [], span?: LogSpan): boolean {
    return this.#with(id, (live) => this.#cell.answer(live, effect, answer, lines, span)) ?? false;
  }

  taskStarted(id: string, effect: string, { worker }: { worker: string }): boolean {
    return this.#with(id, (live) => this.#cell.dispatched(live, effect, { worker: `agent:${worker}` })) ?? false;
  }

  appendLogs(id: string, effect: string, lines: readonly LogLine[], span?: LogSpan): boolean {
    return this.#with(id, (live) => this.#cell.say(live, effect, lines, span)) !== null;
  }

  childEnded(link: ParentLink, end: ChildEnd): void {
    this.#with(link.executionId, (live) => this.#cell.childEnded(live, link, end));
  }

  /** False when there is no such execution, or it does not hold what `effect` asked for. */
  slotAnswered(id: string, effect: string, answer: SlotAnswer): boolean {
    return this.#with(id, (live) => this.#cell.slotAnswered(live, effect, answer)) ?? false;
  }

  /** Fires what is due and looks at what may have been forgotten. */
  wake(): void {
    this.#cell.wake();
  }

  #with<T>(id: string, body: (live: Live) => T): T | null {
    const live = this.#cell.find(id);
    return live === undefined ? null : body(live);
  }
}

/** The flow in a source that was accepted when it was saved. */
function acceptedFlow(source: string): Flow {
  const { flow, problems } = parseFlow(source, registry, "accepted");
  if (flow === undefined) throw new Error(`A stored flow cannot be read: ${problems[0]?.message}`);
  return flow;
}
