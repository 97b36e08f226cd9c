import { beforeEach, expect, test } from "vitest";
import type { JsonObject } from "#schema/json.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
});
const run = async (name: string, properties: JsonObject = {}) =>
  (await runTask(registry.task(`io.kestra.plugin.core.state.${name}`)!, properties, ctx)).outputs;

test("a state is merged, maps within maps too, and read back", async () => {
  expect(await run("Get")).toEqual({ count: 0, data: {} });
  expect(await run("Set", { data: { a: { x: 1 }, b: "{{ 2 }}" } })).toEqual({ count: 2, key: "states_flow_default" });
  await run("Set", { data: { a: { y: [1] }, b: null } });
  expect(await run("Get")).toEqual({ count: 2, data: { a: { x: 1, y: [1] }, b: null } });
  expect(await run("Delete")).toEqual({ deleted: true });
  expect(await run("Delete")).toEqual({ deleted: false });
});

test("each name, each value of a loop and each flow has its own, unless the namespace shares it", async () => {
  const keyOf = async (properties: JsonObject) => (await run("Set", properties))?.key;
  const keys = [
    await keyOf({}),
    await keyOf({ name: "other" }),
    await keyOf({ namespace: true }),
    await keyOf({ name: "a name / of any kind" }),
  ];
  ctx.turnValue = "red";
  keys.push(await keyOf({}), await keyOf({ namespace: true }));
  ctx.turnValue = "blue";
  keys.push(await keyOf({}));
  expect(new Set(keys).size).toBe(keys.length);
  expect(await keyOf({ taskrunValue: false })).toBe(keys[0]);
  for (const key of keys) expect(key).toMatch(/^states_[\w.-]+$/);
});

test("a state that is not there is a failure where one is wanted", async () => {
  for (const name of ["Get", "Delete"])
    await expect(run(name, { errorOnMissing: true })).rejects.toThrow("There is no state 'default'");
});

test("a key that somebody else uses for no map is not overwritten", async () => {
  ctx.values.set("company.team/states_flow_default", { type: "STRING", value: "mine" });
  for (const name of ["Get", "Set"]) await expect(run(name)).rejects.toThrow("holds no map");
});
