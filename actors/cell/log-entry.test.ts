import { expect, test } from "vitest";
import type { LogFilter, LogLine } from "#schema/log.ts";
import { Bench } from "#test/flows/harness.ts";
import { filterLogs, logEntry } from "./log-entry.ts";

const live = new Bench().start(
  `id: flow\nnamespace: company.team\ntasks:\n  - id: a\n    type: io.kestra.plugin.core.debug.Return\n    format: x\n`,
);

const LINES: readonly LogLine[] = [
  { at: 0, level: "INFO", message: "flow" },
  { at: 1, level: "DEBUG", message: "a0", taskId: "a", taskRunId: "r1", attempt: 0 },
  { at: 2, level: "ERROR", message: "a1", taskId: "a", taskRunId: "r1", attempt: 1 },
  { at: 3, level: "WARN", message: "a other", taskId: "a", taskRunId: "r2", attempt: 0 },
  { at: 4, level: "TRACE", message: "b", taskId: "b", taskRunId: "r3", attempt: 0 },
];

test.for<[LogFilter, string[]]>([
  [{}, ["flow", "a0", "a1", "a other", "b"]],
  [{ minLevel: "TRACE" }, ["flow", "a0", "a1", "a other", "b"]],
  [{ minLevel: "INFO" }, ["flow", "a1", "a other"]],
  [{ minLevel: "ERROR" }, ["a1"]],
  [{ taskId: "a" }, ["a0", "a1", "a other"]],
  [{ taskRunId: "r1" }, ["a0", "a1"]],
  [{ taskRunId: "r1", attempt: 1 }, ["a1"]],
  [{ attempt: 1 }, ["flow", "a0", "a1", "a other", "b"]],
  [{ taskId: "a", taskRunId: "r3" }, ["a0", "a1", "a other"]],
  [{ taskId: "a", taskRunId: "r1", attempt: 1, minLevel: "WARN" }, ["a1", "a other"]],
  [{ taskId: "none" }, []],
])("the filter %o leaves %o", ([filter, messages]) => {
  expect(filterLogs(live, LINES, filter).map((entry) => entry.message)).toEqual(messages);
});

test("an entry has the names of its execution, and no field without a value but the attempt", () => {
  expect(logEntry(live, { at: 0, level: "INFO", message: "x" })).toEqual({
    tenantId: "main",
    namespace: "company.team",
    flowId: "flow",
    executionId: live.id,
    attemptNumber: null,
    timestamp: "1970-01-01T00:00:00.000Z",
    level: "INFO",
    message: "x",
    deleted: false,
  });
  const full = logEntry(live, {
    at: 5,
    level: "WARN",
    message: "x",
    taskId: "a",
    taskRunId: "r",
    attempt: 2,
    thread: "t",
  });
  expect(full).toMatchObject({ taskId: "a", taskRunId: "r", attemptNumber: 2, thread: "t" });
});
