import { SvelteSet } from "svelte/reactivity";
import type { Command } from "#schema/cell.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Flow } from "#schema/flow.ts";
import type { LogLine } from "#schema/log.ts";
import { isTerminal } from "#schema/state.ts";
import { buildGraph, computeStatuses } from "../model/graph.ts";
import type { EngineReplay } from "../model/replay.ts";
import { RunModel, type StreamFlow } from "../model/run.ts";
import { type ActionId, allowedActions, taskIdsOf } from "../model/steering.ts";
import { computeBar, computeTicks, computeTimeline } from "../model/timeline.ts";
import { type ApiFailure, api, asFailure, links } from "./api.ts";
import { connection } from "./connection.svelte.ts";
import { loadEngine } from "./engine.ts";

const QUIET_MS = 1500;

/**
 * One execution, live. A snapshot paints first; then the stream's events are replayed through the server's reducer.
 * The model is plain and changes in place; `#version` tells the page, at most once per frame.
 * With `at`, everything but `now` shows the execution as it was after so many events; what may be done to it is always of now.
 */
export class ExecutionView {
  readonly id: string;
  failure = $state.raw<ApiFailure>();
  /** The stream is open, or has ended because there is nothing more to come. */
  live = $state(false);
  readonly folded = new SvelteSet<string>();
  /** Events that are shown; left out: all, and those to come. */
  at = $state<number>();
  #version = $state(0);
  #model: RunModel | undefined;
  #snapshot = $state.raw<ExecutionJson>();
  #replay = $state.raw<EngineReplay>();
  #source: EventSource | undefined;
  #frame: number | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(id: string) {
    this.id = id;
    void this.#open();
  }

  /** As it is, whatever is shown. */
  get now(): ExecutionJson | undefined {
    this.#version;
    return this.#model?.execution ?? this.#snapshot;
  }
  /** As it is shown. */
  get execution(): ExecutionJson | undefined {
    return this.#past ?? this.now;
  }
  readonly #past = $derived(this.at === undefined ? undefined : this.#replay?.jsonAt(this.at));

  /** How many events there are, and one of them, counted from 1. */
  get eventCount(): number {
    this.#version;
    return this.#replay?.events.length ?? 0;
  }
  eventAt(seq: number): ExecutionEvent | undefined {
    return this.#replay?.events[seq - 1];
  }
  /** The moment that is shown, in ms; undefined for now. */
  readonly momentMs = $derived(this.at === undefined ? undefined : this.eventAt(this.at)?.at);

  /** What may be done to it now; nothing until the page knows all that happened. */
  get actions(): ReadonlySet<ActionId> {
    const { now } = this;
    const replay = this.#replay;
    if (now === undefined || replay === undefined || replay.events.length === 0) return new Set();
    return allowedActions(now.state.current, (command) => replay.refusal(command));
  }
  refuses(command: Command): string | undefined {
    this.#version;
    return this.#replay ? this.#replay.refusal(command) : "The execution is not loaded yet.";
  }

  /** Ids of the task runs that a replay from the task run `from` keeps; `at` as in `jsonAt`. */
  keptByReplay(from: string | undefined, at: number | undefined): ReadonlySet<string> {
    this.#version;
    return this.#replay?.kept(from, at) ?? new Set();
  }

  /** Grows in place: read `logCount` to learn of new lines. */
  get logs(): readonly LogLine[] {
    return this.#pastLogs ?? this.#model?.logs ?? [];
  }
  readonly #pastLogs = $derived.by(() => {
    const { momentMs } = this;
    return momentMs === undefined ? undefined : this.#model?.logs.filter(({ at }) => at <= momentMs);
  });
  get logCount(): number {
    this.#version;
    return this.logs.length;
  }

  get flow(): Flow | undefined {
    return this.#replay?.flow;
  }
  /** What is shown has ended. */
  get isOver(): boolean {
    const { execution } = this;
    return execution !== undefined && isTerminal(execution.state.current);
  }
  /** The whole time it took, for a scale that stays while the reader goes through it. */
  readonly wholeToMs = $derived.by(() => this.at !== undefined && this.now && computeTimeline(this.now).toMs);

  readonly taskIds = $derived.by(() => (this.#replay ? taskIdsOf(this.#replay.flow) : []));
  readonly timeline = $derived.by(() => this.execution && computeTimeline(this.execution, new Set(this.folded)));
  readonly graph = $derived.by(() => this.#replay && buildGraph(this.#replay.flow, this.#replay.plan));
  readonly statuses = $derived.by(() => (this.execution ? computeStatuses(this.execution) : new Map()));

  toggle(taskRunId: string): void {
    if (!this.folded.delete(taskRunId)) this.folded.add(taskRunId);
  }

  /** After a command that makes a finished execution move again. */
  reopen(): void {
    this.#closeStream();
    void this.#stream();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#closeStream();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  async #open(): Promise<void> {
    this.failure = undefined;
    try {
      this.#snapshot = await api.execution(this.id);
    } catch (cause) {
      this.failure = asFailure(cause);
      if (this.failure.kind === "away") this.#again(() => void this.#open());
      return;
    }
    await this.#stream();
  }

  async retry(): Promise<void> {
    await this.#open();
  }

  async #stream(): Promise<void> {
    const engine = await loadEngine();
    if (this.#closed) return;
    this.#model ??= new RunModel((flow: StreamFlow) => {
      const replay = engine.startReplay(flow.source);
      if (!replay) throw new Error("The stored flow cannot be read by this page; reload it to get the newest version.");
      this.#replay = replay;
      return replay;
    });
    const model = this.#model;
    const source = new EventSource(links.stream(this.id));
    this.#source = source;
    const on = <T>(event: string, apply: (data: T) => void): void =>
      source.addEventListener(event, (message) => {
        try {
          apply(JSON.parse(message.data) as T);
        } catch (cause) {
          this.failure = asFailure(cause);
          this.#closeStream();
        }
        this.#soon();
      });
    source.onopen = () => {
      this.live = true;
      connection.reached();
    };
    source.onerror = () => {
      this.live = false;
      if (!connection.away) void connection.check();
      // The browser itself asks again after a break, from where it was; a refusal ends the stream for good.
      if (source.readyState !== EventSource.CLOSED) return;
      this.#closeStream();
      this.#again(() => void this.#stream());
    };
    on<StreamFlow>("flow", (data) => model.applyFlow(data));
    on<{ from: number; events: ExecutionEvent[] }>("events", (data) => {
      if (model.applyEvents(data.from, data.events) === "gap") this.reopen();
    });
    on<{ from: number; lines: LogLine[] }>("logs", (data) => {
      if (model.applyLogs(data.from, data.lines) === "gap") this.reopen();
    });
    on("end", () => {
      model.applyEnd();
      this.#closeWhenQuiet();
    });
  }

  /** An execution has ended before the tasks that run after it: the stream is closed once nothing moves any more. */
  #closeWhenQuiet(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      const { now } = this;
      if (!now || !isTerminal(now.state.current)) return;
      const moving = now.taskRunList?.some((run) => !isTerminal(run.state.current)) ?? false;
      if (moving) this.#closeWhenQuiet();
      else this.#closeStream();
    }, QUIET_MS);
  }

  /** Redraws with the next frame; in a hidden page, where there is none, soon. */
  #soon(): void {
    if (this.#frame !== undefined) return;
    const redraw = (): void => {
      this.#frame = undefined;
      this.#model?.settle();
      this.#version += 1;
    };
    if (document.hidden) {
      redraw();
    } else {
      this.#frame = requestAnimationFrame(redraw);
    }
  }

  #again(action: () => void): void {
    clearTimeout(this.#retry);
    if (!this.#closed) this.#retry = setTimeout(action, 1500);
  }

  #closeStream(): void {
    this.#source?.close();
    this.#source = undefined;
  }
}

/** Geometry of the Gantt, for its view. */
export const gantt = { bar: computeBar, ticks: computeTicks };
