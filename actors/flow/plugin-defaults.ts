import { isJsonObject, type PropertyPath, unknownProperty } from "#schema/conform.ts";
import type { PluginDefault } from "#schema/flow.ts";
import { PluginDefaultSource, TaskCommon, TriggerCommon } from "#schema/flow-source.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import { objectShapeOf } from "#schema/shape.ts";
import type { Registry } from "#tasks/define.ts";
import { inOrder, type OuterDefault } from "./pinned-namespace.ts";
import { Reporter } from "./reporter.ts";
import { documentOf } from "./templates.ts";

// Plugin defaults: values that every map with a matching `type` gets, anywhere in the flow.
//
// F1. A default matches a type that equals its own or begins with it; an alias stands for its real type on both sides.
// F2. Not forced, it goes under what the task says: the task wins, maps are merged, lists are joined, the default's first.
// F3. Forced, it goes over what the task and all other defaults say: first those of the server, then the flow's, then those of the
//     namespace and of its parents, so that who stands higher up wins.
// F4. A default that is no whole type name gives a task only the properties that the task's type has, and gives nothing to what is no
//     task or trigger (a task runner, a condition).
// F5. What a default brings is not given that default again: it would have no end.

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

/** As `parsePluginDefaults`, of a list that stands in no flow. */
export function readPluginDefaults(
  list: Json,
  registry: Registry,
): { defaults: PluginDefault[]; problems: readonly Problem[] } {
  const reporter = new Reporter(documentOf({ pluginDefaults: list }));
  const defaults = parsePluginDefaults(list, ["pluginDefaults"], registry, reporter);
  return { defaults, problems: reporter.problems };
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

/** `flow` with its `own` defaults, and those from around it, worked into every map that has a matching `type`. */
export function applyPluginDefaults(
  flow: JsonObject,
  own: readonly PluginDefault[],
  registry: Registry,
  outer: readonly OuterDefault[] = [],
): JsonObject {
  if (own.length === 0 && outer.length === 0) return flow;
  const order = inOrder(own, outer);
  const named = order.under.map((item) => ({ item, names: namesOf(item.type, registry) }));

  /** `spent`: defaults that brought what is looked at now. */
  function visit(value: Json, spent: readonly PluginDefault[]): Json {
    if (Array.isArray(value)) return value.map((item) => visit(item, spent));
    if (!isJsonObject(value)) return value;
    return typeof value.type === "string" ? withDefaults(value, value.type, spent) : visitEntries(value, spent);
  }

  function visitEntries(map: JsonObject, spent: readonly PluginDefault[]): JsonObject {
    return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, visit(item, spent)]));
  }

  function withDefaults(map: JsonObject, type: string, spent: readonly PluginDefault[]): JsonObject {
    const names = namesOf(type, registry);
    const known = knownProperties(type, registry);
    const isTyped = known !== undefined || registry.known(type) !== undefined;
    const matching = named
      .filter((each) => !spent.includes(each.item) && names.some((name) => matches(name, each.names, isTyped)))
      .map(({ item }) => ({ item, values: known === undefined ? item.values : pick(item.values, known) }));
    let merged = map;
    for (const { item, values } of matching) if (!item.forced) merged = mergeDeep(values, merged);
    for (const item of order.over) {
      const match = item.forced ? matching.find((each) => each.item === item) : undefined;
      if (match !== undefined) merged = mergeDeep(merged, match.values);
    }
    const bringing = matching.filter(({ values }) => Object.values(values).some(holdsTyped));
    return visitEntries(merged, [...spent, ...bringing.map(({ item }) => item)]);
  }

  const entries = Object.entries(flow).map(([key, item]): [string, Json] => [
    key,
    key === "pluginDefaults" || key === "taskDefaults" ? item : visit(item, []),
  ]);
  return Object.fromEntries(entries);
}

const matches = (name: string, prefixes: readonly string[], isTyped: boolean) =>
  prefixes.some((prefix) => (isTyped ? name.startsWith(prefix) : name === prefix));

/** True when somewhere within there is a map that could be given defaults. */
function holdsTyped(value: Json): boolean {
  if (Array.isArray(value)) return value.some(holdsTyped);
  if (!isJsonObject(value)) return false;
  return typeof value.type === "string" || Object.values(value).some(holdsTyped);
}

function namesOf(type: string, registry: Registry): string[] {
  const real = (registry.task(type) ?? registry.trigger(type))?.type;
  const meant = real ?? registry.known(type)?.real;
  return meant === undefined || meant === type ? [type] : [type, meant];
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
