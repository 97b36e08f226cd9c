import type { PropertyPath } from "#schema/conform.ts";
import type { Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { KNOWN_RUNNERS } from "#schema/task-runners.ts";
import type { Registry } from "#tasks/define.ts";
import type { Reporter } from "./reporter.ts";

// Rules over the whole flow.

const STARTS_A_FLOW = new Set(["io.kestra.plugin.core.flow.Subflow", "io.kestra.plugin.core.flow.ForEachItem"]);
const WORKING_DIRECTORY = "io.kestra.plugin.core.flow.WorkingDirectory";
const SWITCH = "io.kestra.plugin.core.flow.Switch";

/** Routes that an id of this name would stand in the way of. */
const RESERVED_IDS = new Set(
  "pause resume force-run change-status kill executions search source disable enable".split(" "),
);

export type PlacedId = { id: string; path: PropertyPath };

/** Reports every id that occurs twice, at its second place. */
export function checkDuplicates(items: readonly PlacedId[], what: "task" | "trigger", reporter: Reporter): void {
  const seen = new Set<string>();
  for (const { id, path } of items) {
    if (id === "") continue;
    if (seen.has(id)) reporter.error("DUPLICATE_ID", [...path, "id"], `Duplicate ${what} id with name [${id}]`);
    seen.add(id);
  }
}

/** Rules of single types that look beyond their own properties. */
export function checkTask(
  task: Task,
  path: PropertyPath,
  flow: { id: string; namespace: string },
  reporter: Reporter,
): void {
  const { namespace, flowId } = task.properties;
  if (STARTS_A_FLOW.has(task.type) && namespace === flow.namespace && flowId === flow.id) {
    const message = `Recursive call to flow [${flow.namespace}.${flow.id}]`;
    reporter.error("CYCLE", [...path, "flowId"], message);
  }
  if (task.type === SWITCH && !Object.entries(task.lists).some(([name, list]) => isBranch(name) && list.length > 0)) {
    reporter.error("MISSING_PROPERTY", path, "No task defined, neither cases or default have any tasks");
  }
}

/** What a directory that tasks share asks of them. */
export function checkPlace(task: Task, path: PropertyPath, registry: Registry, reporter: Reporter): void {
  if (task.type !== WORKING_DIRECTORY) return;
  const tasks = task.lists.tasks ?? [];
  if (tasks.length === 0)
    reporter.error("MISSING_PROPERTY", [...path, "tasks"], "The 'tasks' property cannot be empty");
  for (const [index, child] of tasks.entries()) {
    const at = [...path, "tasks", index];
    const definition = registry.task(child.type);
    if (definition?.where === "engine" && !definition.runnable)
      reporter.error(
        "INVALID_VALUE",
        [...at, "type"],
        "Only runnable tasks are allowed as children of a WorkingDirectory task",
      );
    if (child.workerGroup !== undefined)
      reporter.error(
        "INVALID_VALUE",
        [...at, "workerGroup"],
        "Cannot set a Worker Group in any WorkingDirectory sub-tasks, it is only supported at the WorkingDirectory level",
      );
  }
}

const isBranch = (list: string) => list === "defaults" || list.startsWith("case:");

const NOT_YET: Readonly<Record<string, string>> = {};

/** Warns of what is read but has no effect. */
export function warnOfIgnored(root: JsonObject, reporter: Reporter): void {
  for (const [name, message] of Object.entries(NOT_YET)) {
    if ((root[name] ?? null) !== null) reporter.warning("UNKNOWN_PROPERTY", [name], message);
  }
}

const TASK_NOT_YET: Readonly<Record<string, string>> = {
  taskCache: "`taskCache` has no effect yet: the task runs each time",
  logToFile: "`logToFile` has no effect yet: the lines go to the execution's log",
};

/** Warns of what is read in a task but has no effect. `isFlowable`: it only groups other tasks. */
export function warnOfIgnoredInTask(
  item: JsonObject,
  path: PropertyPath,
  isFlowable: boolean,
  reporter: Reporter,
): void {
  for (const [name, message] of Object.entries(TASK_NOT_YET)) {
    const value = item[name] ?? null;
    if (value !== null && value !== false) reporter.warning("UNKNOWN_PROPERTY", [...path, name], message);
  }
  const message = "`timeout` has no effect on a task that groups others: set it on the tasks inside";
  if (isFlowable && (item.timeout ?? null) !== null)
    reporter.warning("UNKNOWN_PROPERTY", [...path, "timeout"], message);
}

/** Warns of a task runner that is accepted and that no agent has. */
export function warnOfRunner(item: JsonObject, path: PropertyPath, reporter: Reporter): void {
  const { taskRunner } = item;
  if (typeof taskRunner !== "object" || taskRunner === null || Array.isArray(taskRunner)) return;
  const type = KNOWN_RUNNERS.find((known) => known === taskRunner.type);
  if (type === undefined) return;
  const message = `${type} is not run by runner agents yet: the task FAILS when it is reached. Use io.kestra.plugin.core.runner.Process on an agent of a group of its own`;
  reporter.add({
    code: "TYPE_NOT_RUN",
    path: [...path, "taskRunner", "type"],
    message,
    on: "value",
    severity: "warning",
  });
}

export function warnOfReservedId(id: string, reporter: Reporter): void {
  if (!RESERVED_IDS.has(id)) return;
  reporter.warning("INVALID_VALUE", ["id"], `\`${id}\` is also part of an address of the API: choose another id`);
}
