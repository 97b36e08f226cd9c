import { type EvalContext, objectScope } from "#expr/index.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { AnyTask, ExpandContext, TaskResult } from "./define.ts";
import type { MemoryContext } from "./memory-context.ts";
import { prepareProperties } from "./property.ts";

/** An expression context over plain variables. */
export function variables(vars: Record<string, Json> = {}): EvalContext {
  return { scope: objectScope(vars), now: 0, random: () => 0 };
}

function prepared(definition: AnyTask, properties: JsonObject, vars: Record<string, Json>): never {
  const outcome = prepareProperties(definition, properties, variables(vars));
  if (outcome.ok === true) return outcome.value;
  throw new Error(outcome.ok === false ? outcome.problem.message : "look-ups are needed");
}

/** Prepares and runs a task as its host would. */
export async function runTask(
  definition: AnyTask,
  properties: JsonObject,
  ctx: MemoryContext,
  vars: Record<string, Json> = {},
): Promise<TaskResult> {
  if (!("run" in definition)) throw new Error(`${definition.type} does not run here`);
  return definition.run(prepared(definition, properties, vars), ctx);
}

/** Prepares and expands a flowable as its host would. */
export function expandTask(
  definition: AnyTask,
  properties: JsonObject,
  options: { lists?: ExpandContext["lists"]; vars?: Record<string, Json> } = {},
) {
  if (definition.where !== "engine") throw new Error(`${definition.type} is no flowable`);
  return definition.expand(prepared(definition, properties, options.vars ?? {}), {
    now: 1000,
    lists: options.lists ?? {},
  });
}
