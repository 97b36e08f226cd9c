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
import type { ExecutionText } from "#schema/execution.ts";
import type { LogEntry, LogFilter, LogLine, LogSpan } from "#schema/log.ts";
import type { SlotAnswer } from "#schema/slot.ts";
import type { Level } from "#schema/state.ts";

/**
 * What the edge asks of a cell, the Durable Object that holds executions. `null` means: no such execution.
 * Streams are ready-made server-sent events; every method but `start` is safe on any id.
 */
export interface CellRpc {
  /** Idempotent by `request.id`. With `wait` it answers when the execution has ended or is paused. `null`: it was removed, for ever. */
  start(request: StartRequest): Promise<ExecutionText | null>;
  /** As it is, or as it was when `at` events had happened; `null` too before the first. */
  get(id: string, options?: { at?: number }): Promise<ExecutionText | null>;
  command(id: string, command: Command): Promise<CommandAnswer<ExecutionText>>;
  /** Of each id, in order: null when there is no such execution here. Nothing is changed. */
  standing(ids: readonly string[], command: Command): Promise<(Standing | null)[]>;
  /** What a new execution needs to go on from this one as it is, or was when `seq` events had happened. */
  forkOf(id: string, options?: { seq?: number }): Promise<ForkSource | null>;
  logs(id: string, filter: LogFilter): Promise<LogEntry[] | null>;
  followExecution(id: string): Promise<ReadableStream<Uint8Array> | null>;
  followLogs(id: string, minLevel?: Level): Promise<ReadableStream<Uint8Array> | null>;
  /** For the UI: the source, then events and log lines as they come. */
  stream(id: string, after?: { seq: number; line: number }): Promise<ReadableStream<Uint8Array> | null>;
  /** Events after the first `after`, at most `limit` of them. */
  events(id: string, after: number, limit?: number): Promise<EventPage | null>;
  /** Events after the first `after`, each with its sequence number as id, then those to come. */
  followEvents(id: string, after: number): Promise<ReadableStream<Uint8Array> | null>;
  evaluate(id: string, taskRunId: string | undefined, expression: string): Promise<Evaluated | null>;
  remove(id: string): Promise<boolean>;
  /** The end of an attempt, with its last log lines. False: nobody waits for it (any more). */
  answer(id: string, effect: string, answer: TaskAnswer, lines: readonly LogLine[], span?: LogSpan): Promise<boolean>;
  taskStarted(id: string, effect: string, started: { worker: string }): Promise<boolean>;
  /** Lines of an attempt; with `span` a repetition adds nothing. */
  appendLogs(id: string, effect: string, lines: readonly LogLine[], span?: LogSpan): Promise<boolean>;
  /** An execution that a Subflow task of this cell's started has ended. */
  childEnded(link: ParentLink, end: ChildEnd): Promise<void>;
  /** The flow's actor tells what became of a wish for a slot. False: the execution does not hold what `effect` asked for. */
  slotAnswered(id: string, effect: string, answer: SlotAnswer): Promise<boolean>;
  sweep(): Promise<void>;
  boot(): Promise<void>;
}
