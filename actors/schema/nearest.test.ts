import { expect, test } from "vitest";
import { nearest, nearestType } from "./nearest.ts";

const NAMES = ["message", "level", "labels", "timeout"];

test.each([
  ["mesage", "message"],
  ["massege", "message"],
  ["levle", "level"],
  ["LEVEL", "level"],
  ["lable", "labels"],
  ["timeOut", "timeout"],
  ["nothing", undefined],
  ["", undefined],
  ["x".repeat(1000), undefined],
])("the nearest of %j is %j", (name, expected) => {
  expect(nearest(name, NAMES)).toBe(expected);
});

test("of two equally near the first is taken, and an exact one always", () => {
  expect(nearest("ab", ["aa", "bb", "ab"])).toBe("ab");
  expect(nearest("abcx", ["abca", "abcb"])).toBe("abca");
});

const TYPES = ["io.a.core.log.Log", "io.a.scripts.shell.Script", "io.a.scripts.python.Script", "io.a.flow.Parallel"];

test.each([
  ["Log", "io.a.core.log.Log"],
  ["io.a.log.Lgo", "io.a.core.log.Log"],
  ["python.Script", "io.a.scripts.python.Script"],
  ["io.b.Paralel", "io.a.flow.Parallel"],
  ["io.a.core.log.Webhook", undefined],
])("of types the nearest to %s is %s", (name, expected) => {
  expect(nearestType(name, TYPES)).toBe(expected);
});
