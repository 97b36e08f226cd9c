import { expect, test } from "vitest";
import { groupText, matchesOf, regexOf, replaceAll, splitBy } from "./use.ts";

const free = { step: () => {}, regexStep: () => {}, size: () => {} };

function all(text: string, pattern: string): (string | null)[] {
  return [...matchesOf(text, regexOf(pattern), free)].map((match) => groupText(text, match, 0));
}

test.each([
  ["abcabc", "a.c", ["abc", "abc"]],
  ["aaa", "a{2}", ["aa"]],
  ["foobar", "o+?", ["o", "o"]],
  ["x1y22", "\\d+", ["1", "22"]],
  ["ABCabc", "(?i)b", ["B", "b"]],
  ["a-b_c", "[^\\w]|_", ["-", "_"]],
  ["a\nb", "(?m)^.$", ["a", "b"]],
  ["catdog", "cat(?=dog)", ["cat"]],
  ["catdog", "(?<=cat)dog", ["dog"]],
  ["abab", "(ab)\\1", ["abab"]],
  ["a.b", "\\Q.\\E", ["."]],
  ["aab", "a*+b", ["aab"]],
  ["aaa", "a*+a", []],
  ["éa", "\\p{L}", ["é", "a"]],
  ["😀x", ".", ["😀", "x"]],
  ["az5", "[a-z&&[^a]]", ["z"]],
  ["foo bar", "\\b\\w", ["f", "b"]],
  ["xyz", "x|y", ["x", "y"]],
])("in %j the pattern %j finds %j", (text, pattern, found) => {
  expect(all(text, pattern)).toEqual(found);
});

test("a replacement refers to groups by number and name", () => {
  expect(replaceAll("2024-01", "(?<y>\\d+)-(\\d+)", ["$2/$", "{y}\\$"].join(""), free)).toBe("01/2024$");
});

test("a split drops empty parts at its end and keeps those at its start", () => {
  expect(splitBy(",a,,b,,", ",", 0, free)).toEqual(["", "a", "", "b"]);
  expect(splitBy("abc", "", 0, free)).toEqual(["a", "b", "c"]);
  expect(splitBy("a1b22c", "\\d+", 2, free)).toEqual(["a", "b22c"]);
});

test("a pattern that would run for ever is stopped by its steps", () => {
  let steps = 0;
  const step = (count: number) => {
    steps += count;
    if (steps > 100_000) throw new Error("stopped");
  };
  expect(() => regexOf("(a+)+$").find(`${"a".repeat(40)}!`, 0, step)).toThrow("stopped");
});

test.each(["(", "[", "*a", "a{2,1}", "\\", "(?<n>a", "\\p{Nope}", ")"])("the pattern %j is refused", (pattern) => {
  expect(() => regexOf(pattern)).toThrow(/regular expression/);
});
