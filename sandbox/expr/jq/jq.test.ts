import { expect, test } from "vitest";
import type { Json } from "#schema/json.ts";
import { jq } from "./index.ts";

/** 2015-03-05T23:51:47Z */
const NOW_MS = 1425599507000;

function limited(maxSteps: number) {
  let steps = 0;
  const step = (count: number) => {
    steps += count;
    if (steps > maxSteps) throw new RangeError("too many steps");
  };
  return {
    nowMs: NOW_MS,
    size: () => {},
    step,
    regexStep: step,
  };
}

const run = (source: string, input: Json): Json[] => jq(source, input, limited(100_000));

test.each([
  [".a", [1], "Cannot index array with"],
  [".[0]", {}, "Cannot index object with number"],
  [".[]", 5, "Cannot iterate over number"],
  ["{} + 1", null, "cannot be added"],
  ["1 / 0", null, "divisor is zero"],
  ['error("x")', null, "x"],
  ["nosuch(1)", null, "nosuch/1 is not defined"],
  ["$x", null, "$x is not defined"],
  ["path(1 | .a)", null, "Invalid path expression"],
  ['test("("; "")', "a", "regular expression"],
] as [string, Json, string][])("%s of %j fails with its reason", (source, input, reason) => {
  expect(() => run(source, input)).toThrow(reason);
});

test.each([".a |", "{a:", "if . then", '"\\(', "def f: 1", "a b", "[1,", ".[", "reduce . as", "@"])(
  "%s is refused as syntax",
  (source) => {
    expect(() => run(source, null)).toThrow(/cannot be read/);
  },
);

test.each(["repeat(.)", "[range(1e9)]", "def f: f; f", "def f: 1 + f; f", "last(recurse(.))", "until(false; .)"])(
  "%s ends by its limits",
  (source) => {
    expect(() => run(source, 1)).toThrow(RangeError);
  },
);

test("entries of a prototype are not there", () => {
  expect(run('.constructor, .__proto__, has("toString")', {})).toEqual([null, null, false]);
  expect(run("keys", JSON.parse('{"__proto__":1}'))).toEqual([["__proto__"]]);
  expect(run(".__proto__ = {x: 1} | .x", {})).toEqual([null]);
});
