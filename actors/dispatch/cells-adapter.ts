import type { TaskAnswer } from "#schema/event.ts";
import { cellName } from "#schema/ids.ts";
import type { LogLine, LogSpan } from "#schema/log.ts";
import { LEASE_MS } from "#schema/runner.ts";
import type { Cells } from "./ports.ts";

/** What a cell offers for tasks that run elsewhere. */
export interface CellTaskRpc {
  /** Idempotent; false: nobody waits for this answer (any more). */
  answer(executionId: string, effect: string, answer: TaskAnswer): Promise<boolean>;
  taskStarted(executionId: string, effect: string, started: { worker: string; leaseUntil?: number }): Promise<unknown>;
  appendLogs(executionId: string, effect: string, lines: LogLine[], span?: LogSpan): Promise<unknown>;
}

/** The cells as their Durable Object namespace offers them. */
export interface CellNamespace<Id> {
  idFromName(name: string): Id;
  get(id: Id): CellTaskRpc;
}

/** The cells behind `namespace`. An execution id that names no cell has nobody waiting. */
export function cellsOf<Id>(namespace: CellNamespace<Id>, now: () => number): Cells {
  const cellOf = (executionId: string): CellTaskRpc | undefined => {
    const name = cellName(executionId);
    return name === undefined ? undefined : namespace.get(namespace.idFromName(name));
  };
  return {
    async started(executionId, effect, worker, at) {
      await cellOf(executionId)?.taskStarted(executionId, effect, { worker, leaseUntil: at + LEASE_MS });
    },
    async finished(executionId, effect, answer) {
      return (await cellOf(executionId)?.answer(executionId, effect, answer)) ?? false;
    },
    async logs(executionId, effect, lines, span) {
      await cellOf(executionId)?.appendLogs(executionId, effect, [...lines], span);
    },
    async lost(executionId, effect, reason) {
      await cellOf(executionId)?.appendLogs(executionId, effect, [{ at: now(), level: "WARN", message: reason }]);
    },
  };
}
