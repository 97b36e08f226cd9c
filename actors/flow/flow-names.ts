import { isJsonObject, type PropertyPath } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { templateRefs } from "./templates.ts";

// What expressions of a flow may name, read from the flow as it is written: also from parts that are wrong or of unknown types, so
// that one mistake is not told again by all who mention it.

/** A task as it stands in the text, with the tasks round it, outermost first. */
export type PlacedTask = { id: string; type: string; path: PropertyPath; isDisabled: boolean };

export type FlowNames = {
  /** Ids of inputs as written, dots included; undefined when they cannot be told. */
  readonly inputs: readonly string[] | undefined;
  /** Undefined when a task may set others. */
  readonly variables: readonly string[] | undefined;
  readonly tasks: ReadonlyMap<string, PlacedTask>;
  /** True when tasks come from elsewhere, so that ids are not all known. */
  readonly hasTemplates: boolean;
};

const TASK_LISTS = ["tasks", "errors", "finally", "afterExecution", "listeners"] as const;
const SETS_VARIABLES = /\.SetVariables$/;

export function flowNames(root: JsonObject): FlowNames {
  const tasks = new Map<string, PlacedTask>();
  let variables: readonly string[] | undefined = isJsonObject(root.variables) ? Object.keys(root.variables) : [];
  eachTask(root, (task, item) => {
    if (!tasks.has(task.id)) tasks.set(task.id, task);
    if (!SETS_VARIABLES.test(task.type)) return;
    // An expression may set any.
    variables = isJsonObject(item.variables) && variables ? [...variables, ...Object.keys(item.variables)] : undefined;
  });
  return { inputs: inputIds(root.inputs), variables, tasks, hasTemplates: templateRefs(root).length > 0 };
}

function inputIds(inputs: Json | undefined): readonly string[] | undefined {
  if (inputs === undefined || inputs === null) return [];
  if (!Array.isArray(inputs)) return undefined;
  return inputs.flatMap((item) => (isJsonObject(item) ? String(item.id ?? item.name ?? "") : []));
}

function eachTask(root: JsonObject, visit: (task: PlacedTask, item: JsonObject) => void): void {
  const walk = (value: Json, path: PropertyPath): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) walk(item, [...path, index]);
    if (!isJsonObject(value)) return;
    const { id, type, disabled } = value;
    if ((typeof id === "string" || typeof id === "number") && typeof type === "string")
      visit({ id: String(id), type, path, isDisabled: disabled === true || disabled === "true" }, value);
    for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
  };
  for (const name of TASK_LISTS) walk(root[name] ?? null, [name]);
}

export type Around = { id: string; type: string; path: PropertyPath };

/** The maps with a `type` that the thing at `path` stands in, outermost first, the thing itself left out. */
export function typedAround(root: JsonObject, path: PropertyPath): Around[] {
  const found: Around[] = [];
  let at: Json | undefined = root;
  for (const [depth, part] of path.entries()) {
    if (depth > 0 && isJsonObject(at) && typeof at.type === "string")
      found.push({ id: String(at.id ?? ""), type: at.type, path: path.slice(0, depth) });
    if (Array.isArray(at) && typeof part === "number") at = at[part];
    else if (isJsonObject(at)) at = at[String(part)];
    else return found;
  }
  return found;
}
