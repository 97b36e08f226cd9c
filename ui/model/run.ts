import type { ExecutionEvent } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { LogLine } from "#schema/log.ts";

// What the page knows of one execution: the stream's messages, applied in order, each at most once.
//
// R1. A message that was applied before changes nothing, so a stream may start again from its beginning.
// R2. A gap is never jumped over: the caller is told, and asks again from what is missing.
// R3. Once events flow, the replayed state is the truth and snapshots are ignored.

export type StreamFlow = { source: string; revision: number; namespace: string; flowId: string };

/** The engine's reducer over one flow: events in, the execution's JSON out. */
export interface Replay {
  apply(event: ExecutionEvent): void;
  toJson(): ExecutionJson;
}

export type Applied = "applied" | "known" | "gap";

export class RunModel {
  readonly logs: LogLine[] = [];
  execution: ExecutionJson | undefined;
  flow: StreamFlow | undefined;
  ended = false;
  readonly #startReplay: (flow: StreamFlow) => Replay;
  #replay: Replay | undefined;
  #nextSeq: number | undefined;
  #dirty = false;

  constructor(startReplay: (flow: StreamFlow) => Replay) {
    this.#startReplay = startReplay;
  }

  applyFlow(flow: StreamFlow): void {
    if (this.flow && this.flow.revision === flow.revision && this.flow.source === flow.source) return;
    this.flow = flow;
    this.#replay = this.#startReplay(flow);
    this.#nextSeq = undefined;
  }

  /** Events `from` onwards by sequence number. */
  applyEvents(from: number, events: readonly ExecutionEvent[]): Applied {
    if (!this.#replay) return "gap";
    const next = this.#nextSeq ?? from;
    if (from > next) return "gap";
    const fresh = events.slice(next - from);
    if (fresh.length === 0) return "known";
    for (const event of fresh) this.#replay.apply(event);
    this.#nextSeq = next + fresh.length;
    this.#dirty = true;
    this.ended = false;
    return "applied";
  }

  /** Lines `from` onwards by their index in the log. */
  applyLogs(from: number, lines: readonly LogLine[]): Applied {
    if (from > this.logs.length) return "gap";
    const fresh = lines.slice(this.logs.length - from);
    if (fresh.length === 0) return "known";
    for (const line of fresh) this.logs.push(line);
    return "applied";
  }

  /** The execution as some answer showed it. */
  applySnapshot(execution: ExecutionJson): void {
    if (this.#nextSeq === undefined) this.execution = execution;
  }

  applyEnd(): void {
    this.ended = true;
  }

  /** Brings `execution` up to date after events: once for many, as it costs by the number of task runs. */
  settle(): void {
    if (!this.#dirty || !this.#replay) return;
    this.#dirty = false;
    this.execution = this.#replay.toJson();
  }
}
