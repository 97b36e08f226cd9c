import type { TaskAnswer } from "#schema/event.ts";
import type { EpochMs } from "#schema/json.ts";
import type { LogLine, LogSpan } from "#schema/log.ts";
import type { Sql } from "#shell/sql.ts";

// What a Dispatch actor needs from outside.

/**
 * The executions whose tasks are run here. Calls about one job come one after the other. A call that rejects has perhaps
 * been taken: it is made again, so the cell recognises a repetition (`finished` and `logs` always, by `span`; the others may be lost).
 */
export interface Cells {
  started(executionId: string, effect: string, worker: string, at: EpochMs): Promise<void>;
  /** False: nobody waits for this answer (any more). */
  finished(executionId: string, effect: string, answer: TaskAnswer): Promise<boolean>;
  logs(executionId: string, effect: string, lines: readonly LogLine[], span: LogSpan): Promise<void>;
  lost(executionId: string, effect: string, reason: string): Promise<void>;
}

export interface Clock {
  now(): EpochMs;
  /** Calls `body` once after `ms`; the answer stops it. */
  after(ms: number, body: () => void): () => void;
}

/** Wakes the actor at or after `at`, also when it is not in memory then. A later call replaces the earlier. */
export interface Alarm {
  set(at: EpochMs): void;
}

export type DispatchPorts = { sql: Sql; cells: Cells; clock: Clock; alarm: Alarm };
