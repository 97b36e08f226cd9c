import { expect, test } from "vitest";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

const task = (name: string) => registry.task(`io.kestra.plugin.core.${name}`)!;

test("Log writes each line at its level", async () => {
  const ctx = new MemoryContext();
  await runTask(task("log.Log"), { message: "a" }, ctx);
  await runTask(task("log.Log"), { message: ["b", "{{ 1 }}"], level: "WARN" }, ctx);
  expect(ctx.lines).toEqual([
    ["INFO", "a"],
    ["WARN", "b"],
    ["WARN", "1"],
  ]);
});

test("Return gives text back, logs it at DEBUG and counts its letters", async () => {
  const ctx = new MemoryContext();
  expect(await runTask(task("debug.Return"), { format: "{{ 41 + 1 }}" }, ctx)).toEqual({ outputs: { value: "42" } });
  expect(ctx.lines).toEqual([["DEBUG", "42"]]);
  expect(ctx.metrics.map(({ name, value }) => [name, value])).toEqual([
    ["length", 2],
    ["duration", 0],
  ]);
  expect(await runTask(task("debug.Return"), {}, ctx)).toEqual({});
});

test("OutputValues renders texts and keeps the types of other values", async () => {
  const result = await runTask(
    task("output.OutputValues"),
    { values: { a: "{{ 1 }}", b: 2, c: { d: [true, "{{ 3 }}"] } } },
    new MemoryContext(),
  );
  expect(result).toEqual({ outputs: { values: { a: "1", b: 2, c: { d: [true, "3"] } } } });
});

test("Fail fails, always or on its condition", async () => {
  const ctx = new MemoryContext();
  expect(await runTask(task("execution.Fail"), {}, ctx)).toEqual({ state: "FAILED", error: "Task failure" });
  expect(await runTask(task("execution.Fail"), { errorMessage: "no {{ 1 }}" }, ctx)).toMatchObject({ error: "no 1" });
  expect(ctx.lines).toEqual([]);
  expect(await runTask(task("execution.Fail"), { condition: "{{ 1 > 2 }}" }, ctx)).toEqual({});
  expect(await runTask(task("execution.Fail"), { condition: "{{ 1 < 2 }}", errorMessage: "m" }, ctx)).toEqual({
    state: "FAILED",
    error: "Fail on a condition",
  });
  expect(ctx.lines).toEqual([["ERROR", "m"]]);
});
