import { beforeEach, describe, expect, test } from "vitest";
import type { Json, JsonObject } from "#schema/json.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

const task = (name: string) => registry.task(`io.kestra.plugin.core.kv.${name}`)!;

let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
});

describe("kv.Set", () => {
  test.each<[string, JsonObject, { type: string; value: Json }]>([
    ["text", { value: "a" }, { type: "STRING", value: "a" }],
    ["a number", { value: "{{ 1 + 1 }}" }, { type: "NUMBER", value: 2 }],
    ["a map from an expression alone", { value: "{{ map }}" }, { type: "JSON", value: { k: 1 } }],
    ["text from an expression among text", { value: "n {{ 1 }}" }, { type: "STRING", value: "n 1" }],
    ["a number from text", { value: "4.5", kvType: "NUMBER" }, { type: "NUMBER", value: 4.5 }],
    ["a boolean from text", { value: "TRUE", kvType: "BOOLEAN" }, { type: "BOOLEAN", value: true }],
    [
      "a date-time in UTC",
      { value: "2024-01-01T01:00:00+01:00", kvType: "DATETIME" },
      { type: "DATETIME", value: "2024-01-01T00:00:00Z" },
    ],
    ["a date", { value: "2024-01-01", kvType: "DATE" }, { type: "DATE", value: "2024-01-01" }],
    ["a duration", { value: "PT1H", kvType: "DURATION" }, { type: "DURATION", value: "PT1H" }],
    ["JSON from text", { value: '{"a":1}', kvType: "JSON" }, { type: "JSON", value: { a: 1 } }],
    ["no other type of what is no text", { value: "{{ map }}", kvType: "STRING" }, { type: "JSON", value: { k: 1 } }],
  ])("keeps %s", async (_, properties, stored) => {
    await runTask(task("Set"), { key: "k", ...properties }, ctx, { map: { k: 1 } });
    expect(ctx.values.get("company.team/k")).toEqual(stored);
  });

  test("keeps for a time, in another namespace, if told so", async () => {
    await runTask(task("Set"), { key: "k", value: "v", ttl: "PT1M", namespace: "other" }, ctx);
    expect([ctx.ttls, [...ctx.values.keys()]]).toEqual([[60_000], ["other/k"]]);
  });

  test.each<[string, JsonObject]>([
    ["a value there already", { key: "there", value: "b", overwrite: false }],
    ["a key that is none", { key: "a b", value: "b" }],
    ["a value that is not of its type", { key: "k", value: "x", kvType: "NUMBER" }],
  ])("refuses %s", async (_, properties) => {
    await runTask(task("Set"), { key: "there", value: "a" }, ctx);
    await expect(runTask(task("Set"), properties, ctx)).rejects.toThrow();
    expect([...ctx.values.values()]).toEqual([{ type: "STRING", value: "a" }]);
  });

  test("refuses a time that is over", async () => {
    await expect(runTask(task("Set"), { key: "k", value: "v", ttl: "-PT1M" }, ctx)).rejects.toThrow("ttl");
  });
});

describe("kv.Get", () => {
  test("reads from the flow's namespace, then from its parents", async () => {
    ctx.values.set("company/k", { type: "NUMBER", value: 1 });
    expect(await runTask(task("Get"), { key: "k" }, ctx)).toEqual({ outputs: { value: 1 } });
    expect(await runTask(task("Get"), { key: "k", namespace: "company.other" }, ctx)).toEqual({});
  });
  test("gives nothing, or fails, when there is nothing", async () => {
    expect(await runTask(task("Get"), { key: "k" }, ctx)).toEqual({});
    await expect(runTask(task("Get"), { key: "k", errorOnMissing: "{{ true }}" }, ctx)).rejects.toThrow("'k'");
  });
});

test("kv.GetKeys gives the keys of a namespace that begin so, in order", async () => {
  for (const name of ["company.team/test_b", "company.team/test_a", "company.team/x", "company.other/test_c"])
    ctx.values.set(name, { type: "NUMBER", value: 1 });
  expect(await runTask(task("GetKeys"), { prefix: "{{ 'test' }}_" }, ctx)).toEqual({
    outputs: { keys: ["test_a", "test_b"] },
  });
  expect(await runTask(task("GetKeys"), { namespace: "company.other" }, ctx)).toEqual({
    outputs: { keys: ["test_c"] },
  });
  expect(await runTask(task("GetKeys"), { namespace: "nobody" }, ctx)).toEqual({ outputs: { keys: [] } });
});

test("kv.Delete says whether there was something", async () => {
  ctx.values.set("company.team/k", { type: "NUMBER", value: 1 });
  expect(await runTask(task("Delete"), { key: "k" }, ctx)).toEqual({ outputs: { deleted: true } });
  expect(await runTask(task("Delete"), { key: "k" }, ctx)).toEqual({ outputs: { deleted: false } });
  await expect(runTask(task("Delete"), { key: "k", errorOnMissing: true }, ctx)).rejects.toThrow("'k'");
});

describe("kv.PurgeKV", () => {
  beforeEach(() => {
    for (const name of ["company.team/a", "company.team/b", "company/c", "other/d"]) ctx.expired.add(name);
    for (const name of ["company.team/live", "other/live"]) ctx.values.set(name, { type: "NUMBER", value: 1 });
  });
  const purge = async (properties: JsonObject) => (await runTask(task("PurgeKV"), properties, ctx)).outputs?.size;

  test("forgets what has expired in the flow's namespace and below, and leaves what lives", async () => {
    expect(await purge({})).toBe(2);
    expect(ctx.values.size).toBe(2);
  });

  test.each<[string, JsonObject, number]>([
    ["in named namespaces and those below", { namespaces: ["company"] }, 3],
    ["in named namespaces alone", { namespaces: ["company"], includeChildNamespaces: false }, 1],
    ["in namespaces of a pattern", { namespacePattern: "company*" }, 3],
    ["keys of a pattern", { namespacePattern: "*", keyPattern: "[ab]" }, 2],
    ["what lives too, when told so", { namespacePattern: "*", expiredOnly: false }, 6],
  ])("cleans %s", async (_, properties, size) => {
    expect(await purge(properties)).toBe(size);
  });

  test("wants names or a pattern, not both", async () => {
    await expect(purge({ namespaces: ["a"], namespacePattern: "*" })).rejects.toThrow("not both");
  });
});
