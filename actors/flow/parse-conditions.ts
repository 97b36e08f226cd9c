import { isJsonObject, type PropertyPath, unknownProperty } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { nearestType } from "#schema/nearest.ts";
import { objectShapeOf } from "#schema/shape.ts";
import type { ConditionDefinition } from "#tasks/define.ts";
import { type Parsing, reportAlias, unknownType } from "./parse-tasks.ts";

// Conditions of listeners and triggers, as expressions.
//
// O1. A list holds when each of its conditions does; an empty one always holds.
// O2. What is wrong is an error; what no expression can tell is a warning, and never holds.

const NEVER = "false";

/** The conditions in the lists `names` of `owner` as one template that gives true or false; undefined when there is none. */
export function parseGuard(
  owner: JsonObject,
  names: readonly string[],
  path: PropertyPath,
  parsing: Parsing,
): string | undefined {
  const parts = names.flatMap((name) => parseConditions(owner[name], [...path, name], parsing));
  return parts.length === 0 ? undefined : `{{ ${parts.map((part) => `(${part})`).join(" and ")} }}`;
}

/** The conditions in the list or map at `path`, each as an expression. */
function parseConditions(value: Json | undefined, path: PropertyPath, parsing: Parsing, isMap = false): string[] {
  if (value === undefined || value === null) return [];
  if (isMap && isJsonObject(value))
    return Object.entries(value).map(([name, item]) => parseCondition(item, [...path, name], parsing));
  if (!isMap && Array.isArray(value))
    return value.map((item, index) => parseCondition(item, [...path, index], parsing));
  const shape = isMap ? "a map of conditions by name" : "a list of conditions";
  parsing.reporter.error("INVALID_VALUE", path, `\`${String(path.at(-1))}\` must be ${shape}`);
  return [];
}

function parseCondition(item: Json, path: PropertyPath, parsing: Parsing): string {
  const { reporter } = parsing;
  if (!isJsonObject(item)) {
    reporter.error("INVALID_VALUE", path, "A condition must be a map with `type`");
    return NEVER;
  }
  const definition = findCondition(item.type, path, parsing);
  return definition === undefined ? NEVER : compileCondition(definition, item, path, parsing);
}

function compileCondition(definition: ConditionDefinition, item: JsonObject, path: PropertyPath, parsing: Parsing) {
  const { reporter } = parsing;
  const { type: _, ...own } = item;
  const { fields } = objectShapeOf(definition.input);
  const kept = Object.entries(own).filter(([name]) => {
    if (fields.has(name)) return true;
    reporter.add(unknownProperty(name, fields.keys(), [...path, name]));
    return false;
  });
  const converted = reporter.conform(definition.input, Object.fromEntries(kept), path);
  const { nested } = definition;
  const at = [...path, "conditions"];
  const inner = nested === undefined ? [] : parseConditions(own.conditions, at, parsing, nested === "map");
  const props = definition.input.safeParse(converted);
  if (!props.success) return NEVER;
  const expression = definition.compile(props.data as never, inner);
  if (expression !== undefined) return expression;
  const message = `The condition ${definition.type} is not evaluated by this server: it never holds. Write it as an \`Expression\` condition`;
  reporter.add({ code: "TYPE_NOT_RUN", path: [...path, "type"], message, on: "value", severity: "warning" });
  return NEVER;
}

function findCondition(
  type: Json | undefined,
  path: PropertyPath,
  { registry, reporter }: Parsing,
): ConditionDefinition | undefined {
  const at = [...path, "type"];
  if (type === undefined || type === null) {
    reporter.error("MISSING_PROPERTY", at, "`type` is missing: a condition needs one", "key");
    return undefined;
  }
  const name = String(type);
  const definition = registry.condition(name);
  if (definition !== undefined) {
    if (definition.type !== name) reportAlias(name, definition.type, at, reporter);
    return definition;
  }
  const names = registry.conditions.flatMap((condition) => [condition.type, ...condition.aliases]);
  const near = nearestType(name, names);
  const real = near === undefined ? undefined : registry.condition(near)?.type;
  reporter.error("UNKNOWN_TYPE", at, unknownType("condition", name, real));
  return undefined;
}
