import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "#schema/json.ts";
import { registry } from "./registry.ts";
import { expandTask } from "./run-definition.ts";

const flowable = (name: string) => registry.task(`io.kestra.plugin.core.flow.${name}`)!;
const expand = (name: string, properties: JsonObject, options: Parameters<typeof expandTask>[2] = {}) =>
  expandTask(flowable(name), properties, options);

test("Sequential and AllowFailure run their tasks in order", () => {
  expect(expand("Sequential", {}).expansion).toEqual({ kind: "sequence", list: "tasks" });
  expect(expand("AllowFailure", {}).expansion).toEqual({ kind: "sequence", list: "tasks" });
});

test("Parallel has no limit unless one is given", () => {
  expect(expand("Parallel", {}).expansion).toEqual({ kind: "parallel", list: "tasks", concurrency: 0 });
  expect(expand("Parallel", { concurrent: "{{ 1 + 1 }}" }).expansion).toMatchObject({ concurrency: 2 });
});

describe("If", () => {
  test.each(["", "false", "0", "-0"])("takes %j as false", (condition) => {
    expect(expand("If", { condition }, { lists: { else: [] } })).toEqual({
      expansion: { kind: "sequence", list: "else" },
      outputs: { evaluationResult: false },
    });
  });
  test.each(["true", "False", "null", " ", "0.0"])("takes %j as true", (condition) => {
    expect(expand("If", { condition }).expansion).toEqual({ kind: "sequence", list: "then" });
  });
  test("without else has nothing to do", () => {
    expect(expand("If", { condition: "{{ 1 > 2 }}" }).expansion).toEqual({ kind: "nothing", state: "SUCCESS" });
  });
});

describe("Switch", () => {
  const lists = { "case:a": [], defaults: [] };
  test("takes the case with the value", () => {
    expect(expand("Switch", { value: "{{ 'a' }}" }, { lists })).toEqual({
      expansion: { kind: "sequence", list: "case:a" },
      outputs: { value: "a", defaults: false },
    });
  });
  test("takes the defaults when no case has it, names of objects' own included", () => {
    expect(expand("Switch", { value: "constructor" }, { lists }).outputs).toEqual({
      value: "constructor",
      defaults: true,
    });
  });
  test("fails when there are no defaults either", () => {
    expect(expand("Switch", { value: "b" }, { lists: { "case:a": [] } }).expansion).toMatchObject({
      kind: "nothing",
      state: "FAILED",
    });
  });
});

describe.each([
  ["ForEach", "values", { kind: "each", list: "tasks", concurrency: 1 }],
  ["EachSequential", "value", { kind: "each", list: "tasks", concurrency: 1 }],
  ["EachParallel", "value", { kind: "each", list: "tasks", concurrency: 0, spread: true }],
])("%s", (name, property, expected) => {
  test.each<[string, Json, string[]]>([
    ["a list", ["a", "b"], ["a", "b"]],
    ["the JSON text of a list", '["a", 1]', ["a", "1"]],
    ["an expression", "{{ list }}", ["x", '{"k":1}']],
    ["expressions in a list", ["{{ list[0] }}", 2], ["x", "2"]],
    ["maps, as compact JSON", [{ a: 1, b: [2] }], ['{"a":1,"b":[2]}']],
    ["equal values once", ["a", "b", "a"], ["a", "b"]],
    ["an empty list", [], []],
  ])("iterates over %s", (_, value, values) => {
    const { expansion } = expand(name, { [property]: value }, { vars: { list: ["x", { k: 1 }] } });
    expect(expansion).toEqual({ ...expected, values });
  });

  test.each<[string, Json]>([
    ["null values", [null, "a"]],
    ["text that is no list", "a, b"],
    ["a map", { a: 1 }],
  ])("fails on %s", (_, value) => {
    expect(expand(name, { [property]: value }).expansion).toMatchObject({ kind: "nothing", state: "FAILED" });
  });
});

describe("Pause", () => {
  test.each<[JsonObject, JsonObject]>([
    [{}, {}],
    [{ pauseDuration: "PT1S" }, { until: 2000, behavior: "RESUME" }],
    [
      { delay: "PT1S", timeout: "PT5S" },
      { until: 2000, behavior: "RESUME" },
    ],
    [
      { pauseDuration: "PT1S", behavior: "WARN" },
      { until: 2000, behavior: "WARN" },
    ],
    [{ timeout: "PT2S" }, { until: 3000, behavior: "FAIL" }],
    [
      { pauseDuration: "PT5S", timeout: "PT2S" },
      { until: 3000, behavior: "FAIL" },
    ],
    [
      { pauseDuration: "PT2S", timeout: "PT5S", behavior: "WARN" },
      { until: 3000, behavior: "WARN" },
    ],
    [
      { delay: "PT5S", timeout: "PT2S" },
      { until: 6000, behavior: "RESUME" },
    ],
  ])("with %j waits as %j", (properties, expected) => {
    expect(expand("Pause", properties).expansion).toEqual({ kind: "pause", ...expected });
  });
});

test("Sleep runs until its time is over", () => {
  expect(expand("Sleep", { duration: "PT{{ 2 }}S" }).expansion).toEqual({ kind: "sleep", until: 3000 });
});

describe("Subflow", () => {
  const named = { namespace: "n", flowId: "f" };
  test("renders where to go and what to bring", () => {
    const properties = {
      ...named,
      flowId: "{{ 'f' }}",
      inputs: { a: "{{ 1 + 1 }}", b: [1] },
      labels: { k: "{{ 'v' }}" },
      revision: "2",
    };
    expect(expand("Subflow", properties).expansion).toEqual({
      kind: "subflow",
      namespace: "n",
      flowId: "f",
      revision: 2,
      inputs: { a: "2", b: [1] },
      labels: [{ key: "k", value: "v" }],
      inheritLabels: false,
      wait: true,
      transmitFailed: true,
      restarts: true,
    });
  });
  test("takes labels as a list and a date to start at", () => {
    const properties = {
      ...named,
      labels: [{ key: "k", value: "v" }],
      scheduleDate: "1970-01-01T00:00:05Z",
      wait: false,
    };
    expect(expand("Subflow", properties).expansion).toMatchObject({
      labels: [{ key: "k", value: "v" }],
      scheduleAt: 5000,
      wait: false,
    });
  });
  test.each<JsonObject>([{ labels: { "system.from": "x" } }, { scheduleDate: "tomorrow" }])(
    "refuses %j",
    (properties) => {
      expect(expand("Subflow", { ...named, ...properties }).expansion).toMatchObject({
        kind: "nothing",
        state: "FAILED",
      });
    },
  );
});
