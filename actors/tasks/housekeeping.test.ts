import { beforeEach, describe, expect, test } from "vitest";
import { decodeText } from "#schema/bytes.ts";
import type { JsonObject } from "#schema/json.ts";
import type { LogEntry } from "#schema/log.ts";
import type { State } from "#schema/state.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
  execution("old", "company.team", "flow", "SUCCESS", "2024-01-01T00:00:00Z");
  execution("failed", "company.team", "other", "FAILED", "2024-02-01T00:00:00Z");
  execution("below", "company.team.sub", "flow", "SUCCESS", "2024-03-01T00:00:00Z");
  execution("goes on", "company.team", "flow", "RUNNING", "2024-01-15T00:00:00Z");
});

function execution(id: string, namespace: string, flowId: string, state: State, startedAt: string): void {
  ctx.others.set(id, { namespace, flowId, state, startedAt: Date.parse(startedAt), endedAt: undefined });
}
const run = async (name: string, properties: JsonObject) =>
  (await runTask(registry.task(`io.kestra.plugin.core.${name}`)!, properties, ctx)).outputs;
const removed = () => ctx.removals.map(([what, id]) => `${what} ${id}`).sort();

describe("PurgeExecutions", () => {
  const purge = (properties: JsonObject) =>
    run("execution.PurgeExecutions", { endDate: "2024-12-31T00:00:00Z", ...properties });

  test("deletes what has ended, of the namespace and those below, and leaves what goes on", async () => {
    expect(await purge({ namespace: "company" })).toEqual({
      executionsCount: 3,
      logsCount: 9,
      storagesCount: expect.any(Number),
      metricsCount: 3,
    });
    expect([...ctx.others.keys()]).toEqual(["goes on"]);
  });

  test.each<[JsonObject, string[]]>([
    [{ namespace: "company.team", flowId: "flow" }, ["old"]],
    [{ states: ["FAILED"] }, ["failed"]],
    [{ startDate: "2024-01-15T00:00:00Z" }, ["below", "failed"]],
    [{ endDate: "2024-01-31T00:00:00+02:00" }, ["old"]],
  ])("%o deletes %o", async (properties, ids) => {
    await purge({ ...properties, purgeStorage: false });
    expect(removed()).toEqual(ids.map((id) => `execution ${id}`));
  });

  test("may take logs and files alone", async () => {
    await purge({ purgeExecution: false, states: ["FAILED"] });
    expect(removed()).toEqual(["files failed", "logs failed"]);
  });

  test.each<[JsonObject, string]>([
    [{ endDate: "yesterday" }, "`endDate` must be a date and time with its zone"],
    [{ startDate: "2024-01-01" }, "`startDate` must be"],
    [{ flowId: "flow" }, "`flowId` needs a `namespace`"],
  ])("refuses %o", async (properties, message) => {
    await expect(purge(properties)).rejects.toThrow(message);
  });
});

test("PurgeLogs deletes lines by level and date, of executions that began before", async () => {
  const outputs = await run("log.PurgeLogs", {
    namespace: "company.team",
    logLevels: ["DEBUG"],
    startDate: "2024-01-01T00:00:00Z",
    endDate: "2024-02-15T00:00:00Z",
  });
  expect(outputs?.count).toBeGreaterThan(0);
  const which = { levels: ["DEBUG"], from: Date.UTC(2024, 0, 1), to: Date.UTC(2024, 1, 15) };
  expect(ctx.removals).toEqual([
    ["logs", "failed", which],
    ["logs", "old", which],
  ]);
});

describe("Count", () => {
  const count = (properties: JsonObject) =>
    run("execution.Count", {
      startDate: "2024-01-01T00:00:00Z",
      endDate: "2024-12-31T00:00:00Z",
      expression: "{{ true }}",
      ...properties,
    });

  test("counts for each flow and namespace", async () => {
    const flows = [
      { namespace: "company.team", flowId: "flow" },
      { namespace: "company.team", flowId: "none" },
    ];
    expect(await count({ flows, namespaces: ["company"] })).toEqual({
      results: [
        { ...flows[0], count: 2 },
        { ...flows[1], count: 0 },
        { namespace: "company", count: 4 },
      ],
      total: 6,
    });
    expect(await count({ flows, expression: "{{ count == 0 }}" })).toEqual({
      results: [{ ...flows[1], count: 0 }],
      total: 0,
    });
    expect(await count({ flows, states: ["RUNNING"], endDate: "2024-01-10T00:00:00Z" })).toMatchObject({ total: 0 });
  });

  test.each<[JsonObject, string]>([
    [{}, "at least one flow"],
    [{ namespaces: ["company"], expression: "{{ inputs.n }}" }, "It sees `count` alone"],
    [{ namespaces: ["company"], startDate: "x" }, "`startDate` must be"],
  ])("refuses %o", async (properties, message) => {
    await expect(count(properties)).rejects.toThrow(message);
  });
});

describe("Fetch", () => {
  const entry = (level: LogEntry["level"], taskId: string, message: string): LogEntry => ({
    namespace: "company.team",
    flowId: "flow",
    executionId: "x",
    taskId,
    attemptNumber: 0,
    timestamp: "2024-01-01T00:00:00.000Z",
    level,
    message,
    deleted: false,
  });
  beforeEach(() => {
    ctx.entries = [entry("DEBUG", "a", "low"), entry("INFO", "a", 'say "hi"'), entry("WARN", "b", "high")];
    execution(ctx.executionId, "company.team", "flow", "RUNNING", "2024-01-01T00:00:00Z");
  });

  test("writes a record for each line of this execution, with its time as a timestamp", async () => {
    const outputs = await run("log.Fetch", { tasksId: ["a"] });
    expect(outputs).toEqual({ size: 1, uri: "kestra:///task/logs.ion" });
    expect(decodeText(ctx.stored.get("kestra:///task/logs.ion")!)).toBe(
      '{timestamp:2024-01-01T00:00:00.000Z,namespace:"company.team",flowId:"flow",executionId:"x",taskId:"a",attemptNumber:0,level:"INFO",message:"say \\"hi\\"",deleted:false}\n',
    );
    expect((await run("log.Fetch", { level: "TRACE" }))?.size).toBe(3);
  });

  test("knows another execution by its flow, and says when there is none", async () => {
    const named = { executionId: "failed", namespace: "company.team", flowId: "other" };
    expect((await run("log.Fetch", named))?.size).toBe(2);
    await expect(run("log.Fetch", { executionId: "failed" })).rejects.toThrow("Unable to find execution 'failed'");
    await expect(run("log.Fetch", { flowId: "other" })).rejects.toThrow("only be set when `executionId` is set");
  });
});

test("Toggle switches a trigger of this flow, or of another", async () => {
  ctx.switches.set("company.team/flow/daily", true);
  await run("trigger.Toggle", { trigger: "daily" });
  expect(ctx.switches.get("company.team/flow/daily")).toBe(false);
  await run("trigger.Toggle", { trigger: "daily", flowId: "flow", namespace: "company.team", enabled: true });
  expect(ctx.switches.get("company.team/flow/daily")).toBe(true);
  await expect(run("trigger.Toggle", { trigger: "nightly" })).rejects.toThrow("Unable to find trigger nightly");
  await expect(run("trigger.Toggle", { trigger: "daily", flowId: "none" })).rejects.toThrow("Unable to find flow");
});

describe("Publish", () => {
  test("records metrics, timers in ms", async () => {
    await run("metric.Publish", {
      metrics: [
        { type: "counter", name: "rows", value: "{{ 6 * 7 }}", tags: { of: "{{ 'orders' }}" } },
        { type: "timer", name: "took", value: "PT1.5S" },
        { type: "timer", name: "took", value: 2 },
        { type: "gauge", name: "full", value: 0.5 },
      ],
    });
    expect(ctx.metrics).toEqual([
      { type: "counter", name: "rows", value: 42, tags: { of: "orders" } },
      { type: "timer", name: "took", value: 1500 },
      { type: "timer", name: "took", value: 2000 },
      { type: "gauge", name: "full", value: 0.5 },
    ]);
  });

  test("says which metric is no number", async () => {
    const publish = (type: string) => run("metric.Publish", { metrics: [{ type, name: "rows", value: "many" }] });
    await expect(publish("counter")).rejects.toThrow("The value of the counter `rows` must be a number");
    await expect(publish("timer")).rejects.toThrow("a duration such as PT5S");
    await expect(run("metric.Publish", { metrics: [{ type: "sum", name: "a", value: 1 }] })).rejects.toThrow(
      "metrics[0].type",
    );
  });
});

test("Echo logs its text at its level", async () => {
  await run("debug.Echo", { format: "{{ 1 }} line", level: "WARN" });
  expect(ctx.lines).toEqual([["WARN", "1 line"]]);
});
