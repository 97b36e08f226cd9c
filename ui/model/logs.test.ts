import { describe, expect, test } from "vitest";
import type { LogLine } from "#schema/log.ts";
import { countRows, filterLogs, logText, markHits } from "./logs.ts";

const lines: readonly LogLine[] = [
  { at: 0, level: "DEBUG", message: "connecting", taskId: "fetch", taskRunId: "r1" },
  { at: 1, level: "INFO", message: "\u001b[32mOK\u001b[0m 200", taskId: "fetch", taskRunId: "r1" },
  { at: 2, level: "WARN", message: "slow", taskId: "fetch", taskRunId: "r2" },
  { at: 3, level: "ERROR", message: "Broken pipe" },
];
const numbers = (filter: Partial<Parameters<typeof filterLogs>[1]>): number[] =>
  filterLogs(lines, { level: "TRACE", text: "", ...filter }).map(({ number }) => number);

describe("filterLogs", () => {
  test("keeps the numbers of the whole log", () => expect(numbers({ level: "WARN" })).toEqual([3, 4]));
  test("finds text whatever its case", () => expect(numbers({ text: "  broken " })).toEqual([4]));
  test("does not find colours", () => expect(numbers({ text: "32m" })).toEqual([]));
  test("finds text that colours cut", () => expect(numbers({ text: "ok 200" })).toEqual([2]));
  test("by task and by task run", () => {
    expect(numbers({ taskId: "fetch" })).toEqual([1, 2, 3]);
    expect(numbers({ taskRunId: "r2" })).toEqual([3]);
  });
});

test("hits are marked and nothing is lost", () => {
  expect(markHits("Aba", "a")).toEqual([
    { text: "A", hit: true },
    { text: "b", hit: false },
    { text: "a", hit: true },
  ]);
  expect(markHits("abc", "")).toEqual([{ text: "abc", hit: false }]);
  // In lower case this is longer: positions would not fit.
  expect(markHits("İx", "x")).toEqual([{ text: "İx", hit: false }]);
});

describe("countRows", () => {
  test.each([
    ["", 10, 1],
    ["0123456789", 10, 1],
    ["0123456789a", 10, 2],
    ["a\n\nb", 10, 3],
    ["\u001b[31m0123456789\u001b[0m", 10, 1],
    ["日本語日本語", 10, 2],
    ["long line without wrapping", 0, 1],
  ])("%j in %d columns", (text, columns, rows) => expect(countRows(text, columns)).toBe(rows));
});

test("as text, each line has its time, level and task, and no colours", () => {
  expect(logText(lines.slice(1, 2))).toBe("1970-01-01T00:00:00.001Z INFO  [fetch] OK 200\n");
});
