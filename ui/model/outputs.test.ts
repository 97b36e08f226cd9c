import { describe, expect, test } from "vitest";
import { markerOf } from "#schema/stored.ts";
import { childExpression, childNodes, fileName, isFileUri, outputNode, outputsByTask, withFetched } from "./outputs.ts";
import { executionOf, runOf, stateOf } from "./testing.ts";

const done = stateOf(["CREATED", 0], ["SUCCESS", 1]);

describe("[O1] expressions", () => {
  test.each([
    ["outputs", "fetch", "outputs.fetch"],
    ["outputs.fetch", "content-type", 'outputs.fetch["content-type"]'],
    ["outputs.fetch.list", 0, "outputs.fetch.list[0]"],
    ["outputs.each", 'a"b', 'outputs.each["a\\"b"]'],
  ])("%s and %s", (parent, name, expression) => expect(childExpression(parent, name)).toBe(expression));
});

test("[O2] children are made for the part that is asked for", () => {
  const node = outputNode(
    "outputs",
    "big",
    Array.from({ length: 5000 }, (_, i) => i),
  );
  expect(node.size).toBe(5000);
  expect(childNodes(node, 100, 102).map(({ name, value }) => [name, value])).toEqual([
    ["100", 100],
    ["101", 101],
  ]);
});

test("[O3] a value in a file is a leaf until it has been fetched, then what the file holds", () => {
  const marker = markerOf({ uri: "kestra:///values/1", size: 70_000 });
  const node = outputNode("outputs.fetch", "body", marker);
  expect(node).toMatchObject({ kind: "stored", size: 0, expression: "outputs.fetch.body" });
  expect(withFetched(node, new Map())).toBe(node);
  const fetched = withFetched(node, new Map([["kestra:///values/1", ["a", "b"]]]));
  expect(fetched).toMatchObject({ kind: "array", size: 2, expression: "outputs.fetch.body" });
  expect(childNodes(fetched).map(({ expression }) => expression)).toEqual([
    "outputs.fetch.body[0]",
    "outputs.fetch.body[1]",
  ]);
});

describe("outputsByTask", () => {
  test("a task in loops stands under the values of all loops round it", () => {
    const runs = [
      runOf("outer", done),
      runOf("mid", done, { parent: "outer", value: "x" }),
      runOf("leaf", done, { parent: "mid", value: "1", outputs: { v: 1 } }),
      runOf("leaf2", done, { taskId: "leaf", parent: "mid", value: "2", outputs: { v: 2 } }),
      runOf("plain", done, { outputs: { ok: true } }),
      runOf("none", done, { outputs: {} }),
    ];
    expect(outputsByTask(executionOf(done, runs))).toEqual({
      leaf: { x: { 1: { v: 1 }, 2: { v: 2 } } },
      plain: { ok: true },
    });
  });

  test("a value named like a part of every object is only a name", () => {
    const runs = [runOf("a", done, { value: "__proto__", outputs: { polluted: true } })];
    const outputs = outputsByTask(executionOf(done, runs));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.keys(outputs.a as object)).toEqual(["__proto__"]);
  });
});

test("files are known by their address", () => {
  expect(isFileUri("kestra:///a/b.csv")).toBe(true);
  expect(isFileUri("kestra:///a b")).toBe(false);
  expect(isFileUri(4)).toBe(false);
  expect(fileName("kestra:///a/b.csv")).toBe("b.csv");
});
