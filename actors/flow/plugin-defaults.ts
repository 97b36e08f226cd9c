import { isJsonObject, type PropertyPath, unknownProperty } from "#schema/conform.ts";
import type { PluginDefault } from "#schema/flow.ts";
import { PluginDefaultSource, TaskCommon, TriggerCommon } from "#schema/flow-source.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { objectShapeOf } from "#schema/shape.ts";
import type { Registry } from "#tasks/define.ts";
import type { Reporter } from "./reporter.ts";

// Plugin defaults: values that every map with a matching `type` gets, anywhere in the flow.
//
// F1. A default matches a type that equals its own or begins with it; an alias stands for its real type on both sides.
// F2. Not forced, it goes under what the task says: the task wins, maps are merged, lists are joined, the default's first.
// F3. Forced, it goes over what the task and all other defaults say.
// F4. A default that is no whole type name gives a task only the properties that the task's type has.

/** The defaults that `value` (at `path`) describes. */
export function parsePluginDefaults(
  value: Json | undefined,
  path: PropertyPath,
  registry: Registry,
  reporter: Reporter,
): PluginDefault[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reporter.error("INVALID_VALUE", path, `\`${String(path.at(-1))}\` must be a list`);
    return [];
  }
  return value.flatMap((item, index) => {
    const at = [...path, index];
    reporter.conform(PluginDefaultSource, item, at);
    if (!isJsonObject(item) || typeof item.type !== "string" || !isJsonObject(item.values)) return [];
    checkProperties(item.type, item.values, [...at, "values"], registry, reporter);
    return [{ type: item.type, forced: item.forced === true, values: item.values }];
  });
}

function checkProperties(
  type: string,
  values: JsonObject,
  path: PropertyPath,
  registry: Registry,
  reporter: Reporter,
): void {
  const known = knownProperties(type, registry);
  if (known === undefined) return;
  for (const name of Object.keys(values)) {
    if (!known.has(name)) reporter.add(unknownProperty(name, known, [...path, name]));
  }
}

/** The properties of a task or trigger type; undefined when there is no such type. */
function knownProperties(type: string, registry: Registry): ReadonlySet<string> | undefined {
  const task = registry.task(type);
  const definition = task ?? registry.trigger(type);
  if (definition === undefined) return undefined;
  const common = objectShapeOf(task === undefined ? TriggerCommon : TaskCommon);
  return new Set([...objectShapeOf(definition.input).fields.keys(), ...common.fields.keys()]);
}

/** `flow` with `defaults` worked into every map that has a matching `type`. */
export function applyPluginDefaults(
  flow: JsonObject,
  defaults: readonly PluginDefault[],
  registry: Registry,
): JsonObject {
  if (defaults.length === 0) return flow;
  const named = defaults.map((item) => ({ item, names: namesOf(item.type, registry) }));

  function visit(value: Json): Json {
    if (Array.isArray(value)) return value.map(visit);
    if (!isJsonObject(value)) return value;
    return visitEntries(typeof value.type === "string" ? withDefaults(value, value.type) : value);
  }

  function visitEntries(map: JsonObject): JsonObject {
    return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, visit(item)]));
  }

  function withDefaults(map: JsonObject, type: string): JsonObject {
    const own = namesOf(type, registry);
    const matching = named.filter(({ names }) => own.some((name) => names.some((prefix) => name.startsWith(prefix))));
    if (matching.length === 0) return map;
    const known = knownProperties(type, registry);
    const values = (item: PluginDefault) => (known === undefined ? item.values : pick(item.values, known));
    let merged = map;
    for (const { item } of matching) if (!item.forced) merged = mergeDeep(values(item), merged);
    for (const { item } of matching) if (item.forced) merged = mergeDeep(merged, values(item));
    return merged;
  }

  const entries = Object.entries(flow).map(([key, item]): [string, Json] => [
    key,
    key === "pluginDefaults" || key === "taskDefaults" ? item : visit(item),
  ]);
  return Object.fromEntries(entries);
}

function namesOf(type: string, registry: Registry): string[] {
  const real = (registry.task(type) ?? registry.trigger(type))?.type;
  return real === undefined || real === type ? [type] : [type, real];
}

function pick(values: JsonObject, known: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([name]) => known.has(name)));
}

/** `over` on top of `under`: maps merged, lists joined, anything else from `over`; null says nothing. */
export function mergeDeep(under: JsonObject, over: JsonObject): JsonObject {
  const merged = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    if (value === null && below !== undefined) continue;
    if (isJsonObject(value) && isJsonObject(below)) merged.set(key, mergeDeep(below, value));
    else if (Array.isArray(value) && Array.isArray(below)) merged.set(key, [...below, ...value]);
    else merged.set(key, value);
  }
  return Object.fromEntries(merged);
}
