import { isJsonObject, type PropertyPath, unknownProperty } from "#schema/conform.ts";
import type { Task } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import { parseGuard } from "./parse-conditions.ts";
import { type Parsing, parseTasks } from "./parse-tasks.ts";

const SEQUENTIAL = "io.kestra.plugin.core.flow.Sequential";
const PROPERTIES = ["description", "conditions", "tasks"];

/**
 * The deprecated `listeners` as tasks of `afterExecution`: each is a Sequential of its tasks, guarded by its conditions, with an id
 * that no task has.
 */
export function parseListeners(value: Json | undefined, path: PropertyPath, parsing: Parsing): Task[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => parseListener(item, [...path, index], parsing) ?? []);
  parsing.reporter.error("INVALID_VALUE", path, "`listeners` must be a list of `conditions` and `tasks`");
  return [];
}

function parseListener(item: Json, path: PropertyPath, parsing: Parsing): Task | undefined {
  const { reporter } = parsing;
  if (!isJsonObject(item)) {
    reporter.error("INVALID_VALUE", path, "A listener must be a map with `conditions` and `tasks`");
    return undefined;
  }
  for (const name of Object.keys(item))
    if (!PROPERTIES.includes(name)) reporter.add(unknownProperty(name, PROPERTIES, [...path, name]));
  const guard = parseGuard(item, ["conditions"], path, parsing);
  const tasks = parseTasks(item.tasks, [...path, "tasks"], parsing);
  if (tasks.length === 0) {
    reporter.error("MISSING_PROPERTY", [...path, "tasks"], "`tasks` must hold at least one task");
    return undefined;
  }
  return {
    id: "",
    type: SEQUENTIAL,
    ...(typeof item.description === "string" && { description: item.description }),
    ...(guard !== undefined && { guard }),
    properties: { tasks: item.tasks ?? [] },
    lists: { tasks },
  };
}

/** Names the listeners `listener-1`, `listener-2` and so on, past the ids that tasks have. */
export function nameListeners(listeners: readonly Task[], taken: Iterable<string>): Task[] {
  const ids = new Set(taken);
  return listeners.map((listener, index) => {
    let id = `listener-${index + 1}`;
    while (ids.has(id)) id += "-";
    ids.add(id);
    return { ...listener, id };
  });
}
