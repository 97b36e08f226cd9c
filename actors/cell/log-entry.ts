import type { LogEntry, LogLine } from "#schema/log.ts";
import type { Live } from "#shell/live.ts";

/** A stored line as the API shows it. */
export function logEntry(live: Live, line: LogLine): LogEntry {
  const { facts } = live.state;
  return {
    tenantId: facts?.tenant ?? "",
    namespace: facts?.namespace ?? "",
    flowId: facts?.flowId ?? "",
    executionId: live.id,
    ...(line.taskId === undefined ? {} : { taskId: line.taskId }),
    ...(line.taskRunId === undefined ? {} : { taskRunId: line.taskRunId }),
    attemptNumber: line.attempt ?? null,
    timestamp: new Date(line.at).toISOString(),
    level: line.level,
    ...(line.thread === undefined ? {} : { thread: line.thread }),
    message: line.message,
    deleted: false,
  };
}
