import { expect, test } from "vitest";
import { eventRun, eventWords } from "./event-words.ts";

test("an event in words, and the task run it is about", () => {
  const finished = { kind: "task-finished", at: 1, effect: "12:3", answer: { state: "SUCCESS" } } as const;
  expect(eventWords(finished)).toBe("Task finished");
  expect(eventRun(finished)).toBe(12);
  expect(eventRun({ kind: "timer-fired", at: 1, effect: "x:2" })).toBeUndefined();
  expect(eventRun({ kind: "task-state-set", at: 1, run: 4, state: "SUCCESS" })).toBe(4);
  expect(eventRun({ kind: "pause-requested", at: 1 })).toBeUndefined();
});
