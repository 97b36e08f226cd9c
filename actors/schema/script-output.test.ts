import { expect, test } from "vitest";
import { isDeeperThan, parseScriptLine } from "./script-output.ts";

test.each(["hello", "::{}", "{}::", " ::{}::", "::{}:: ", "::[1]::", ":: ::", ""])("%j is not a marker", (line) => {
  expect(parseScriptLine(line)).toBe("not-a-marker");
});

test("outputs, metrics and logs are read", () => {
  const line = `::{"outputs":{"a":[1,{"b":null}]},"metrics":[{"name":"n","type":"counter","value":2,"tags":{"t":"x","k":3}}],"logs":[{"level":"WARN","message":"m"},{"message":"i"}]}::`;
  expect(parseScriptLine(line)).toEqual({
    outputs: { a: [1, { b: null }] },
    metrics: [{ name: "n", type: "counter", value: 2, tags: { t: "x", k: "3" } }],
    logs: [
      { level: "WARN", message: "m" },
      { level: "INFO", message: "i" },
    ],
  });
});

test("an empty marker says nothing, and what it does not know is left out", () => {
  expect(parseScriptLine("::{}::")).toEqual({});
  expect(parseScriptLine('::{"outputs":null,"other":1}::')).toEqual({});
});

test.each([
  ["1.5", 1.5],
  ['"PT1.5S"', 1.5],
  ['"PT1M2S"', 62],
  ['"P1DT1H"', 90_000],
])("a timer of %s is %d seconds", (value, seconds) => {
  expect(parseScriptLine(`::{"metrics":[{"name":"t","type":"timer","value":${value}}]}::`)).toMatchObject({
    metrics: [{ value: seconds }],
  });
});

test.each([
  ["no JSON", "::{nope}::"],
  ["outputs that are a list", '::{"outputs":[1]}::'],
  ["a metric without a name", '::{"metrics":[{"type":"counter","value":1}]}::'],
  ["a metric of another type", '::{"metrics":[{"name":"n","type":"gauge","value":1}]}::'],
  ["a timer that is no duration", '::{"metrics":[{"name":"n","type":"timer","value":"soon"}]}::'],
  ["a timer of nothing", '::{"metrics":[{"name":"n","type":"timer","value":"PT"}]}::'],
  ["a level that does not exist", '::{"logs":[{"level":"LOUD","message":"m"}]}::'],
  ["too deep", `::{"outputs":{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}}::`],
])("a marker with %s is invalid, and says so in a line of bearable length", (_name, line) => {
  const parsed = parseScriptLine(line);
  expect(parsed).toMatchObject({ invalid: expect.stringContaining("Invalid outputs '") });
  expect(JSON.stringify(parsed).length).toBeLessThan(500);
});

test("a key named __proto__ is a key like others", () => {
  const parsed = parseScriptLine('::{"outputs":{"__proto__":{"polluted":1}}}::');
  expect(JSON.stringify(parsed)).toBe('{"outputs":{"__proto__":{"polluted":1}}}');
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

test("depth counts brackets outside of texts", () => {
  expect(isDeeperThan('[["[[[\\"["]]', 2)).toBe(false);
  expect(isDeeperThan('[[{"a":1}]]', 2)).toBe(true);
  expect(isDeeperThan("[],[],[]", 1)).toBe(false);
});
