import { isJsonObject, type PropertyPath, unknownProperty } from "#schema/conform.ts";
import type { Task } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import type { Reporter } from "./reporter.ts";

// The tasks of a Dag: a list of `task` and `dependsOn`.

/** One entry as written: the task, where it stands, and the ids it waits for. */
export type DagItem = { task: Json; path: PropertyPath; dependsOn: readonly string[] };

/** The entries of the list `value` at `path`; what is no entry is reported. */
export function parseDagItems(value: Json, path: PropertyPath, reporter: Reporter): DagItem[] {
  if (!Array.isArray(value)) {
    reporter.error("INVALID_VALUE", path, "`tasks` must be a list of `task` and `dependsOn`");
    return [];
  }
  const items = value.flatMap((item, index) => parseItem(item, [...path, index], reporter) ?? []);
  if (value.length === 0) reporter.error("MISSING_PROPERTY", path, "No task defined");
  return items;
}

function parseItem(item: Json, path: PropertyPath, reporter: Reporter): DagItem | undefined {
  if (!isJsonObject(item) || item.task === undefined) {
    const hint = isJsonObject(item) && item.type !== undefined ? ": write the task below `task:`" : "";
    reporter.error("MISSING_PROPERTY", path, `An entry of a Dag must be a map with \`task\`${hint}`);
    return undefined;
  }
  for (const name of Object.keys(item))
    if (name !== "task" && name !== "dependsOn")
      reporter.add(unknownProperty(name, ["task", "dependsOn"], [...path, name]));
  const needed = item.dependsOn ?? [];
  if (!Array.isArray(needed) || !needed.every((id) => typeof id === "string" || typeof id === "number")) {
    reporter.error("INVALID_VALUE", [...path, "dependsOn"], "`dependsOn` must be a list of task ids");
    return { task: item.task, path: [...path, "task"], dependsOn: [] };
  }
  return { task: item.task, path: [...path, "task"], dependsOn: needed.map(String) };
}

/** Which task waits for which, by id; what cannot be is reported at `path`. */
export function dependenciesOf(
  entries: readonly { task: Task; dependsOn: readonly string[] }[],
  path: PropertyPath,
  reporter: Reporter,
): Record<string, readonly string[]> {
  const ids = new Set(entries.map(({ task }) => task.id));
  const missing = entries.flatMap(({ dependsOn }) => dependsOn.filter((id) => !ids.has(id)));
  if (missing.length > 0) {
    const message = `Not existing task id in dependency: ${[...new Set(missing)].join(", ")}`;
    reporter.error("INVALID_VALUE", path, message);
  }
  const cyclic = cyclesOf(entries);
  if (cyclic.length > 0) reporter.error("CYCLE", path, `Cyclic dependency detected: ${cyclic.join(", ")}`);
  return Object.fromEntries(entries.map(({ task, dependsOn }) => [task.id, [...new Set(dependsOn)]]));
}

/** Ids that can never start because they wait for each other, in the order of the text. */
function cyclesOf(entries: readonly { task: Task; dependsOn: readonly string[] }[]): string[] {
  const left = new Map(entries.map(({ task, dependsOn }) => [task.id, new Set(dependsOn)]));
  const waitingFor = new Map<string, string[]>();
  for (const [id, needed] of left)
    for (const other of needed) waitingFor.set(other, [...(waitingFor.get(other) ?? []), id]);
  const free = [...left].filter(([, needed]) => [...needed].every((id) => !left.has(id))).map(([id]) => id);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    left.delete(id);
    for (const other of waitingFor.get(id) ?? []) {
      const needed = left.get(other);
      if (needed !== undefined && [...needed].every((one) => !left.has(one)) && !free.includes(other)) free.push(other);
    }
  }
  return withoutFollowers(left);
}

/** Of tasks that cannot start, those that wait for themselves in the end: what only follows a cycle is no part of it. */
function withoutFollowers(left: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const ids = [...left.keys()];
  const needed = new Set([...left.values()].flatMap((of) => [...of]));
  const kept = ids.filter((id) => needed.has(id));
  if (kept.length === ids.length) return ids;
  const keptSet = new Set(kept);
  return withoutFollowers(new Map([...left].filter(([id]) => keptSet.has(id))));
}
