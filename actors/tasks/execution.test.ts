import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "#schema/json.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

const task = (name: string) => registry.task(`io.kestra.plugin.core.execution.${name}`)!;
const kill = registry.task("io.kestra.plugin.kestra.executions.Kill")!;
const run = (name: string, properties: JsonObject, ctx = new MemoryContext(), vars: Record<string, Json> = {}) =>
  runTask(task(name), properties, ctx, vars);

describe("Labels", () => {
  const labels = [{ key: "a", value: "1" }];
  test.each<[string, Json]>([
    ["a map", { a: "{{ v }}" }],
    ["a map of other values", { a: 1 }],
    ["a list", [{ key: "a", value: "{{ v }}" }]],
    ["the JSON text of a map", '{"a": "{{ v }}"}'],
  ])("takes %s", async (_, given) => {
    expect(await run("Labels", { labels: given }, undefined, { v: "1" })).toEqual({ updates: { labels } });
  });
  test.each<[string, Json]>([
    ["a label of the system", { "system.x": "1" }],
    ["text that is no map", "a: 1"],
    ["a list of something else", ["a"]],
  ])("refuses %s", async (_, given) => {
    await expect(run("Labels", { labels: given })).rejects.toThrow();
  });
});

describe("SetVariables and UnsetVariables", () => {
  const known = () => Object.assign(new MemoryContext(), { variables: { there: 1 } });
  test("set values that keep their type", async () => {
    const variables = { list: "{{ [1, 2] }}", text: "a {{ 1 }}", map: { deep: "{{ true }}" }, there: 2 };
    expect(await run("SetVariables", { variables }, known())).toEqual({
      updates: { variables: { list: [1, 2], text: "a 1", map: { deep: true }, there: 2 } },
    });
  });
  test("without `overwrite` refuse to set what is there", async () => {
    await expect(run("SetVariables", { overwrite: false, variables: { there: 2 } }, known())).rejects.toThrow("there");
    expect(await run("SetVariables", { overwrite: false, variables: { new: 2 } }, known())).toEqual({
      updates: { variables: { new: 2 } },
    });
  });
  test("refuse more than an execution can keep", async () => {
    await expect(run("SetVariables", { variables: { big: "x".repeat(600_000) } })).rejects.toThrow(
      "write large values",
    );
  });
  test("take away what is there, and say what is not", async () => {
    expect(await run("UnsetVariables", { variables: ["there"] }, known())).toEqual({ updates: { unset: ["there"] } });
    await expect(run("UnsetVariables", { variables: ["there", "toString"] }, known())).rejects.toThrow("toString");
    const forgiving = { variables: ["missing"], ignoreMissing: "true" };
    expect(await run("UnsetVariables", forgiving, known())).toEqual({ updates: { unset: ["missing"] } });
  });
});

test.each([
  [undefined, "SUCCESS"],
  ["FAILED", "FAILED"],
  ["CANCELED", "CANCELLED"],
  ["CANCELLED", "CANCELLED"],
  ["{{ 'KILLED' }}", "KILLED"],
])("Exit with %s ends as %s", async (state, exit) => {
  expect(await run("Exit", state === undefined ? {} : { state })).toEqual({ updates: { exit } });
});

test("Exit knows no other state", async () => {
  await expect(run("Exit", { state: "RUNNING" })).rejects.toThrow();
});

describe("Assert", () => {
  test("passes when all hold, and counts them", async () => {
    const ctx = new MemoryContext();
    expect(await run("Assert", { conditions: ["{{ 1 == 1 }}", true] }, ctx)).toEqual({});
    expect(ctx.metrics.map(({ name, value }) => [name, value])).toEqual([
      ["failed", 0],
      ["success", 2],
    ]);
  });
  test("fails with those that do not hold, and why it matters", async () => {
    const ctx = new MemoryContext();
    const given = { conditions: ["{{ 1 == 2 }}", "ok", "0"], errorMessage: "wrong {{ 'stage' }}" };
    expect(await run("Assert", given, ctx)).toEqual({
      state: "FAILED",
      error: "2 of 3 conditions do not hold. wrong stage",
    });
    expect(ctx.lines.map(([level]) => level)).toEqual(["ERROR", "ERROR"]);
  });
});

describe("Resume", () => {
  const ID = "other00000000000000000";
  const known = (namespace = "company.team", flowId = "flow") => {
    const ctx = new MemoryContext();
    const facts = { state: "PAUSED", startedAt: 0, endedAt: undefined } as const;
    ctx.others.set(ID, { namespace, flowId, ...facts });
    ctx.others.set(ctx.executionId, { namespace: "company.team", flowId: "flow", ...facts });
    return ctx;
  };
  test("resumes another execution of the same flow, of the flow named, or its own", async () => {
    const ctx = known();
    await run("Resume", { executionId: ID, inputs: { a: "{{ 1 + 1 }}" } }, ctx);
    await run("Resume", {}, ctx);
    const by = "company.team.flow";
    expect(ctx.commands).toEqual([
      [ID, { kind: "resume", by, inputs: { a: 2 } }],
      [ctx.executionId, { kind: "resume", by }],
    ]);
    const elsewhere = known("other.ns", "f");
    await run("Resume", { executionId: ID, namespace: "other.ns", flowId: "f" }, elsewhere);
    expect(elsewhere.commands).toHaveLength(1);
  });
  test.each<[string, JsonObject]>([
    ["a flow without an execution", { namespace: "n", flowId: "f" }],
    ["a namespace alone", { executionId: ID, namespace: "n" }],
    ["a flow alone", { executionId: ID, flowId: "f" }],
    ["an execution of another flow", { executionId: ID, namespace: "company.team", flowId: "not-it" }],
    ["an execution that is not there", { executionId: "nowhere" }],
  ])("refuses %s", async (_, properties) => {
    const ctx = known();
    await expect(run("Resume", properties, ctx)).rejects.toThrow();
    expect(ctx.commands).toEqual([]);
  });
  test("fails when it is not paused", async () => {
    const ctx = known();
    ctx.commandAnswer = { ok: false, status: 409, message: "not paused" };
    await expect(run("Resume", { executionId: ID }, ctx)).rejects.toThrow("not paused");
  });
});

describe("Kill", () => {
  test("kills an execution with or without what it started; its own when none is named", async () => {
    const ctx = new MemoryContext();
    await runTask(kill, { executionId: "{{ 'x' }}", propagateKill: false }, ctx);
    await runTask(kill, { auth: { username: "u" }, kestraUrl: "http://x" }, ctx);
    expect(ctx.commands).toEqual([
      ["x", { kind: "kill", cascade: false }],
      [ctx.executionId, { kind: "kill", cascade: true }],
    ]);
  });
  test("leaves one that has ended, and fails when there is none", async () => {
    const ctx = new MemoryContext();
    ctx.commandAnswer = { ok: false, status: 409, message: "already finished" };
    expect(await runTask(kill, { executionId: "x" }, ctx)).toEqual({});
    ctx.commandAnswer = { ok: false, status: 404, message: "no such execution" };
    await expect(runTask(kill, { executionId: "x" }, ctx)).rejects.toThrow("no such");
  });
});
