import { describe, expect, test } from "vitest";
import { isTruthy, render } from "#expr/index.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { FlowableTask } from "./define.ts";
import { registry } from "./registry.ts";
import { expandTask } from "./run-definition.ts";

const flowable = (name: string) => registry.task(`io.kestra.plugin.core.flow.${name}`)!;
const expand = (name: string, properties: JsonObject, options: Parameters<typeof expandTask>[2] = {}) =>
  expandTask(flowable(name), properties, options);

describe("LoopUntil and WaitFor", () => {
  test.each<[string, JsonObject, JsonObject]>([
    ["LoopUntil", {}, { intervalMs: 60_000, failOnMaxReached: false }],
    [
      "WaitFor",
      {},
      { intervalMs: 1_000, maxIterations: 100, deadlineAt: 3_601_000, failOnMaxReached: false, countsAhead: true },
    ],
    [
      "LoopUntil",
      {
        checkFrequency: { interval: "PT{{ 3 }}S", maxIterations: "{{ 2 + 3 }}", maxDuration: "PT1M" },
        failOnMaxReached: "true",
      },
      { intervalMs: 3_000, maxIterations: 5, deadlineAt: 61_000, failOnMaxReached: true },
    ],
    [
      "WaitFor",
      { checkFrequency: { maxIterations: 3 } },
      { intervalMs: 1_000, maxIterations: 3, deadlineAt: 3_601_000, failOnMaxReached: false, countsAhead: true },
    ],
  ])("%s with %j goes on as long as %j says", (name, properties, expected) => {
    const { expansion } = expand(name, { condition: "{{ outputs.not.there }}", ...properties });
    expect(expansion).toEqual({ kind: "loop-until", list: "tasks", ...expected });
  });

  test("the truth of a condition is that of every condition", () => {
    const context = { scope: { get: () => undefined, keys: () => [] }, now: 0, random: () => 0 };
    const truth = (text: string) => {
      const outcome = render(text, context);
      return outcome.ok === true && isTruthy(outcome.value);
    };
    expect(["0", "-0", "", "false", "{{ 1 > 2 }}"].map(truth)).toEqual([false, false, false, false, false]);
    expect(["1", "no", "{{ 1 < 2 }}"].map(truth)).toEqual([true, true, true]);
  });
});

describe("Loop", () => {
  const ONE = { kind: "each", list: "tasks", concurrency: 1, scoped: true };
  test.each<[string, Json, JsonObject]>([
    ["a list, equal values each", ["a", "b", "a"], { values: ["a", "b", "a"] }],
    ["the JSON text of a list", '[1, {"k": 2}]', { values: ["1", '{"k":2}'] }],
    ["an expression", "{{ list }}", { values: ["x", "null"] }],
    ["a map", { dev: "d", prod: { port: 1 } }, { values: ["d", '{"port":1}'], keys: ["dev", "prod"] }],
    ["the JSON text of a map", '{"a": true}', { values: ["true"], keys: ["a"] }],
    ["an empty list", [], { values: [] }],
  ])("has a turn for each value of %s", (_, values, expected) => {
    const { expansion, outputs } = expand("Loop", { values }, { vars: { list: ["x", null] } });
    expect(expansion).toEqual({ ...ONE, ...expected });
    expect(outputs).toEqual({ iterationCount: (expected.values as Json[]).length });
  });

  test("has a turn for each line of a file", () => {
    const loop = flowable("Loop") as FlowableTask<JsonObject>;
    const props = { values: "kestra:///a/b.ion", concurrencyLimit: 1, transmitFailed: true, failOnMaxReached: false };
    expect(loop.reads?.(props as never)).toBe("kestra:///a/b.ion");
    const { expansion } = loop.expand(props as never, { now: 0, lists: {}, file: "one\r\n\nthree\n" });
    expect(expansion).toEqual({ ...ONE, values: ["one", "", "three"] });
    expect(loop.reads?.({ values: ["kestra:///a"] } as never)).toBeUndefined();
  });

  test("says how failures count, how many turns run at a time, and that turns give something", () => {
    const loop = flowable("Loop") as FlowableTask<JsonObject>;
    expect(expand("Loop", { values: [], transmitFailed: "{{ false }}", concurrencyLimit: "4" }).expansion).toEqual({
      ...ONE,
      values: [],
      concurrency: 4,
      tolerant: true,
    });
    const props = { values: [], concurrencyLimit: 0, transmitFailed: true, failOnMaxReached: false };
    const gives = [{ id: "o", type: "STRING", value: "x" }] as const;
    expect(loop.expand(props as never, { now: 0, lists: {}, gives }).expansion).toMatchObject({ gives: true });
  });

  test("may go on until a condition holds instead", () => {
    expect(expand("Loop", { until: "{{ done }}", checkFrequency: { interval: "PT5S" } }).expansion).toEqual({
      kind: "loop-until",
      list: "tasks",
      intervalMs: 5_000,
      failOnMaxReached: false,
      scoped: true,
    });
  });

  test.each<JsonObject>([{}, { values: [], until: "x" }, { values: "a, b" }, { values: 5 }])(
    "fails with %j",
    (props) => {
      expect(expand("Loop", props).expansion).toMatchObject({ kind: "nothing", state: "FAILED" });
    },
  );
});

describe("Dag", () => {
  const child = (id: string, disabled = false) => ({ id, type: "t", properties: {}, lists: {}, disabled });
  const slots = (tasks: readonly ReturnType<typeof child>[], dependsOn: Record<string, readonly string[]>) => {
    const dag = flowable("Dag") as FlowableTask<JsonObject>;
    const { expansion } = dag.expand({ concurrent: 2 } as never, { now: 0, lists: { tasks }, dependsOn });
    return expansion.kind === "dag" ? [expansion.concurrency, expansion.dependsOn] : [];
  };

  test("knows its tasks by their places", () => {
    const dependsOn = { a: [], b: ["c", "a"], c: ["a"] };
    expect(slots([child("a"), child("b"), child("c")], dependsOn)).toEqual([2, [[], [0, 2], [0]]]);
  });

  test("what waits for a disabled task waits for what that one waits for", () => {
    const dependsOn = { a: [], b: ["a"], c: ["b"], d: ["c"] };
    const tasks = [child("a"), child("b", true), child("c", true), child("d")];
    expect(slots(tasks, dependsOn)).toEqual([2, [[], [0]]]);
  });
});

describe("Pause, Sleep and Subflow", () => {
  const tell = [{ id: "tell", type: "t", properties: {}, lists: {} }];
  test("Pause runs `onPause` first, when it is enabled, and not beside the deprecated tasks", () => {
    const expansion = (lists: NonNullable<Parameters<typeof expandTask>[2]>["lists"]) =>
      expand("Pause", {}, { lists: lists ?? {} }).expansion;
    expect(expansion({ onPause: tell })).toEqual({ kind: "pause", before: "onPause" });
    expect(expansion({ onPause: [{ ...tell[0]!, disabled: true }] })).toEqual({ kind: "pause" });
    expect(expansion({ onPause: tell, tasks: tell })).toMatchObject({ kind: "nothing", state: "FAILED" });
  });

  test("Sleep ends by its timeout when that is sooner, and says what it does", () => {
    const sleep = flowable("Sleep") as FlowableTask<JsonObject>;
    const asleep = (timeoutMs: number) => sleep.expand({ duration: 5_000 } as never, { now: 0, lists: {}, timeoutMs });
    expect(asleep(2_000)).toEqual({
      expansion: { kind: "sleep", until: 2_000, timedOut: true },
      line: "Waiting for PT5S",
    });
    expect(asleep(9_000).expansion).toEqual({ kind: "sleep", until: 5_000 });
  });

  test.each<[JsonObject, JsonObject]>([
    [{}, { restarts: true }],
    [{ restartBehavior: "RETRY_FAILED" }, { restarts: true }],
    [{ restartBehavior: "NEW_EXECUTION" }, {}],
    [{ wait: false }, {}],
  ])("Subflow with %j has at a restart %j", (properties, expected) => {
    const { expansion } = expand("Subflow", { namespace: "n", flowId: "f", ...properties });
    expect("restarts" in expansion ? { restarts: expansion.restarts } : {}).toEqual(expected);
  });

  test("Subflow leaves its deprecated outputs to the started execution, unrendered", () => {
    const outputs = { seen: "{{ outputs.its.own }}" };
    expect(expand("Subflow", { namespace: "n", flowId: "f", outputs }).expansion).toMatchObject({ outputs });
  });
});
