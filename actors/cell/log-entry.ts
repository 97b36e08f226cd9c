import type { LogEntry, LogFilter, LogLine } from "#schema/log.ts";
import { isAtLeast } from "#schema/state.ts";
import { isoInstant } from "#schema/time.ts";
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
    timestamp: isoInstant(line.at),
    level: line.level,
    ...(line.thread === undefined ? {} : { thread: line.thread }),
    message: line.message,
    deleted: false,
  };
}

/** Entries that pass the filter, in order. `taskId` wins over `taskRunId`; `attempt` counts only with `taskRunId`. */
export function filterLogs(live: Live, lines: readonly LogLine[], filter: LogFilter): LogEntry[] {
  const { minLevel, taskRunId, taskId, attempt } = filter;
  const passes = (line: LogLine): boolean => {
    if (minLevel !== undefined && !isAtLeast(line.level, minLevel)) return false;
    if (taskId !== undefined) return line.taskId === taskId;
    if (taskRunId === undefined) return true;
    return line.taskRunId === taskRunId && (attempt === undefined || line.attempt === attempt);
  };
  return lines.filter(passes).map((line) => logEntry(live, line));
}
