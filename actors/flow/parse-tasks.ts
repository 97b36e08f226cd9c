import { isJsonObject, type PropertyPath, unknownProperty, withTexts } from "#schema/conform.ts";
import { parseDuration } from "#schema/duration.ts";
import type { FlowOutput, Input, PluginDefault, Task } from "#schema/flow.ts";
import { TaskCommon } from "#schema/flow-source.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { nearestType } from "#schema/nearest.ts";
import { hasExpression } from "#schema/property.ts";
import { type ObjectShape, objectShapeOf } from "#schema/shape.ts";
import type { AnyTask, FlowableTask, KnownType, Registry } from "#tasks/define.ts";
import { checkPlace, checkTask, type PlacedId, warnOfIgnoredInTask, warnOfRunner } from "./checks.ts";
import { dependenciesOf, parseDagItems } from "./parse-dag.ts";
import { parseInputs, parseOutputs } from "./parse-inputs.ts";
import { parseRetry } from "./parse-retry.ts";
import type { OuterDefault } from "./pinned-namespace.ts";
import { applyPluginDefaults } from "./plugin-defaults.ts";
import { Reporter } from "./reporter.ts";
import { documentOf, type ParseTemplate, type Templates, withTemplate } from "./templates.ts";

/** What the parsing of tasks and triggers needs: where the types are, where problems go, and what it collects. */
export type Parsing = {
  registry: Registry;
  reporter: Reporter;
  flow: { id: string; namespace: string };
  /** Ids met so far, with their places, in the order of the text. */
  taskIds: PlacedId[];
  triggerIds: PlacedId[];
  /** How deep the tasks stand that are being read; those of the flow itself are at 1. */
  depth: number;
  /** What is pinned to the source; undefined when nothing is, as while the flow is written. */
  templates?: Templates | undefined;
  /** Those of the flow, for what its templates hold. */
  defaults?: { own: readonly PluginDefault[]; outer: readonly OuterDefault[] };
  /** Names of the templates that are being read, outermost first. */
  within?: readonly string[];
};

/** How deep tasks may stand in one another. */
export const MAX_NESTING = 25;

/** The tasks in the list `value` at `path`, those of unknown type too. */
export function parseTasks(value: Json | undefined, path: PropertyPath, parsing: Parsing): Task[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    parsing.reporter.error("INVALID_VALUE", path, `\`${String(path.at(-1))}\` must be a list of tasks`);
    return [];
  }
  if (parsing.depth > MAX_NESTING) {
    const message = `Tasks stand in one another more than ${MAX_NESTING} deep: move the inner ones to a flow of their own, and call it with a Subflow task`;
    parsing.reporter.error("INVALID_VALUE", path, message);
    return [];
  }
  return value.flatMap((item, index) => parseTask(item, [...path, index], parsing) ?? []);
}

function parseTask(item: Json, path: PropertyPath, parsing: Parsing): Task | undefined {
  const { reporter } = parsing;
  if (!isJsonObject(item)) {
    reporter.error("INVALID_VALUE", path, "A task must be a map with `id` and `type`");
    return undefined;
  }
  const definition = findTask(item.type, [...path, "type"], parsing);
  parsing.taskIds.push({ id: String(item.id ?? ""), path });
  const { common, own } = split(item, definition, path, reporter);
  const { retry, ...plain } = common;
  reporter.conform(TaskCommon, plain, path);
  const { asks, gives } = definition === undefined ? { asks: [], gives: [] } : checkOwn(definition, own, path, parsing);
  const isUntimed = definition?.where === "engine" && !definition.timed && !("timeout" in own);
  warnOfIgnoredInTask(item, path, isUntimed, reporter);
  warnOfRunner(item, path, reporter);
  const texts = withTexts(objectShapeOf(TaskCommon), plain, reporter.textAt, path);
  const task = commonOf(isJsonObject(texts) ? texts : {}, definition, path, parsing);
  const typedRetry = parseRetry(retry, [...path, "retry"], reporter);
  const properties = definition === undefined ? own : ownTexts(definition, own, path, reporter);
  const { lists, dependsOn } =
    definition?.where === "engine" ? parseLists(definition, own, path, parsing) : { lists: {}, dependsOn: undefined };
  const written: Task = {
    ...task,
    ...(typedRetry && { retry: typedRetry }),
    ...(asks.length > 0 && { asks }),
    ...(gives.length > 0 && { gives }),
    ...(dependsOn && { dependsOn }),
    properties,
    lists,
  };
  const expanded = definition?.where === "engine" ? withParts(definition, written, path, parsing) : written;
  const whole = withTemplate(expanded, parsing.templates, parsing.within ?? [], (template, within) =>
    parseTemplate(template, within, parsing),
  );
  checkTask(whole, path, parsing.flow, reporter);
  checkPlace(whole, path, parsing.registry, reporter);
  return whole;
}

/** The task with the tasks its type is made of, whose ids are taken. */
function withParts(definition: FlowableTask, task: Task, path: PropertyPath, { taskIds }: Parsing): Task {
  const parts = definition.parts?.(task);
  if (parts === undefined) return task;
  for (const { id } of parts) taskIds.push({ id, path });
  return { ...task, lists: { ...task.lists, tasks: parts } };
}

/** The lists of a template. Its ids are its own: a template may stand in a flow twice. */
function parseTemplate(written: JsonObject, within: readonly string[], parsing: Parsing): ReturnType<ParseTemplate> {
  const { own = [], outer = [] } = parsing.defaults ?? {};
  const template = applyPluginDefaults(written, own, parsing.registry, outer);
  const reporter = new Reporter(documentOf(template));
  const inner: Parsing = { ...parsing, reporter, within, taskIds: [] };
  const list = (name: string) => parseTasks(template[name], [name], inner);
  const lists = { tasks: list("tasks"), ...(template.errors === undefined ? {} : { errors: list("errors") }) };
  const wrong = reporter.problems.find(({ severity = "error" }) => severity === "error");
  return wrong === undefined ? { lists } : { problem: wrong.message };
}

/** Properties of the task's own type, and those that every task may have. A type that redefines a common one owns it. */
function split(
  item: JsonObject,
  definition: AnyTask | undefined,
  path: PropertyPath,
  reporter: Reporter,
): { common: JsonObject; own: JsonObject } {
  const commonFields = objectShapeOf(TaskCommon).fields;
  const ownFields = definition === undefined ? undefined : objectShapeOf(definition.input).fields;
  const common: [string, Json][] = [];
  const own: [string, Json][] = [];
  for (const [key, value] of Object.entries(item)) {
    if (ownFields?.has(key)) own.push([key, value]);
    else if (commonFields.has(key)) common.push([key, value]);
    else if (ownFields === undefined) own.push([key, value]);
    else reporter.add(unknownProperty(key, [...ownFields.keys(), ...commonFields.keys()], [...path, key]));
  }
  return { common: Object.fromEntries(common), own: Object.fromEntries(own) };
}

function findTask(type: Json | undefined, path: PropertyPath, { registry, reporter }: Parsing): AnyTask | undefined {
  if (type === undefined || type === null) return undefined; // reported as missing
  const name = String(type);
  const definition = registry.task(name);
  if (definition?.internal) {
    const whole = name.slice(0, name.indexOf("$"));
    reporter.error("UNKNOWN_TYPE", path, `\`${name}\` is a part of \`${whole}\`: write that instead`);
    return undefined;
  }
  if (definition !== undefined) {
    if (definition.type !== name) reportAlias(name, definition.type, path, reporter);
    return definition;
  }
  if (registry.trigger(name) !== undefined) {
    reporter.error("UNKNOWN_TYPE", path, `\`${name}\` is a trigger type: put it under \`triggers\``);
    return undefined;
  }
  const known = registry.known(name);
  if (known?.kind === "trigger") {
    reporter.error("UNKNOWN_TYPE", path, `\`${name}\` is a trigger type: put it under \`triggers\``);
  } else if (known !== undefined) {
    warnOfKnown(known, `the task FAILS when it is reached. ${WHAT_TO_DO}`, path, reporter);
  } else {
    reporter.error("UNKNOWN_TYPE", path, unknownType("task", name, nearestTask(name, registry)));
  }
  return undefined;
}

const WHAT_TO_DO = "Disable it, or do its work in a script or an HTTP request";

/** Of two names that are as near, the one that runs. */
function nearestTask(name: string, registry: Registry): string | undefined {
  const runnable = registry.tasks.flatMap((task) => [task.type, ...task.aliases]);
  const known = registry.knownTypes.filter(({ kind }) => kind === "task").map(({ type }) => type);
  const near = nearestType(name, [...runnable, ...known]);
  return near === undefined ? undefined : (registry.task(near)?.type ?? registry.known(near)?.real ?? near);
}

/** Warns of a type that is accepted and not run; `consequence` says what comes of it. */
export function warnOfKnown(
  { type, real, needs }: KnownType,
  consequence: string,
  path: PropertyPath,
  reporter: Reporter,
): void {
  if (real !== undefined) reportAlias(type, real, path, reporter);
  const message = `${real ?? type} is not run by this server yet: ${consequence}. ${needs}`;
  reporter.add({ code: "TYPE_NOT_RUN", path, message, on: "value", severity: "warning" });
}

export function unknownType(what: string, name: string, near: string | undefined): string {
  return `Unknown ${what} type \`${name}\`${near === undefined ? "" : `. Did you mean \`${near}\`?`}`;
}

export function reportAlias(alias: string, type: string, path: PropertyPath, reporter: Reporter): void {
  const message = `${alias} is replaced by ${type}`;
  reporter.add({ code: "DEPRECATED", path, message, on: "value", severity: "info" });
}

/** Checks the own properties; answers the inputs and outputs they declare, if any do. */
function checkOwn(
  definition: AnyTask,
  own: JsonObject,
  path: PropertyPath,
  { reporter }: Parsing,
): { asks: readonly Input[]; gives: readonly FlowOutput[] } {
  reporter.conform(definition.input, own, path);
  const asks: Input[] = [];
  const gives: FlowOutput[] = [];
  for (const [name, field] of objectShapeOf(definition.input).fields) {
    if (field.kind !== "nested") continue;
    if (field.nested === "inputs") asks.push(...parseInputs(own[name], [...path, name], reporter));
    if (field.nested === "outputs") gives.push(...parseOutputs(own[name], [...path, name], reporter));
  }
  return { asks, gives };
}

function ownTexts(definition: AnyTask, own: JsonObject, path: PropertyPath, reporter: Reporter): JsonObject {
  const shape: ObjectShape = objectShapeOf(definition.input);
  const texts = withTexts(shape, own, reporter.textAt, path);
  return isJsonObject(texts) ? texts : own;
}

const text = (value: Json | undefined) => (typeof value === "string" ? value : undefined);
/** A switch, also when it is written as text. */
const isOn = (value: Json | undefined) =>
  value === true || (typeof value === "string" && value.toLowerCase() === "true");

function commonOf(
  common: JsonObject,
  definition: AnyTask | undefined,
  path: PropertyPath,
  { registry, reporter }: Parsing,
): Pick<Task, "id" | "type"> & Partial<Task> {
  const written = String(common.type ?? "");
  const type = definition?.type ?? registry.known(written)?.real ?? written;
  const timeout = text(common.timeout);
  checkTimeout(timeout, path, reporter);
  const runIf = text(common.runIf) ?? text(common.when);
  const level = TaskCommon.shape.logLevel.safeParse(common.logLevel ?? undefined).data;
  const { workerGroup } = common;
  const allowFailure = isOn(common.allowFailure) || (definition?.where === "engine" && definition.allowsFailure);
  return {
    id: String(common.id ?? ""),
    type,
    ...(text(common.description) !== undefined && { description: text(common.description) }),
    ...(isOn(common.disabled) && { disabled: true }),
    ...(allowFailure && { allowFailure: true }),
    ...(isOn(common.allowWarning) && { allowWarning: true }),
    ...(timeout !== undefined && { timeout }),
    ...(runIf !== undefined && { runIf }),
    ...(level !== undefined && { logLevel: level }),
    ...(isJsonObject(workerGroup) && {
      workerGroup: { key: text(workerGroup.key), fallback: text(workerGroup.fallback) },
    }),
  };
}

function checkTimeout(timeout: string | undefined, path: PropertyPath, reporter: Reporter): void {
  if (timeout === undefined || hasExpression(timeout) || parseDuration(timeout) !== undefined) return;
  const message = `\`timeout\` must be an ISO-8601 duration such as PT30S, but is \`${timeout}\``;
  reporter.error("INVALID_VALUE", [...path, "timeout"], message);
}

/** The nested lists of a flowable, by name. A list that is required must hold a task. */
function parseLists(
  definition: FlowableTask,
  own: JsonObject,
  path: PropertyPath,
  parsing: Parsing,
): { lists: Record<string, readonly Task[]>; dependsOn: Task["dependsOn"] } {
  const inner = { ...parsing, depth: parsing.depth + 1 };
  const named: Readonly<Record<string, Json>> = definition.lists?.(own) ?? pick(own, definition.nested);
  const { fields } = objectShapeOf(definition.input);
  const lists: [string, readonly Task[]][] = [];
  let dependsOn: Task["dependsOn"];
  for (const [name, value] of Object.entries({ ...named, ...pick(own, ["errors", "finally"]) })) {
    if (value === null) continue;
    const at = [...path, ...pathOf(own, name, value)];
    const field = fields.get(name);
    const kind = field?.kind === "nested" ? field.nested : "tasks";
    if (kind === "dag") {
      const dag = parseDag(value, at, inner);
      lists.push([name, dag.tasks]);
      dependsOn = dag.dependsOn;
    } else if (kind === "task") {
      const task = parseTask(value, at, inner);
      lists.push([name, task === undefined ? [] : [task]]);
    } else lists.push([name, parseTasks(value, at, inner)]);
  }
  for (const [name, field] of fields) {
    if (field.kind !== "nested" || field.nested === "dag" || !field.required || !isEmptyList(own[name])) continue;
    parsing.reporter.error("INVALID_VALUE", [...path, name], `\`${name}\` must hold at least one task`);
  }
  return { lists: Object.fromEntries(lists), dependsOn };
}

function parseDag(value: Json, path: PropertyPath, parsing: Parsing): { tasks: Task[]; dependsOn: Task["dependsOn"] } {
  const entries = parseDagItems(value, path, parsing.reporter).flatMap((item) => {
    const task = parseTask(item.task, item.path, parsing);
    return task === undefined ? [] : [{ task, dependsOn: item.dependsOn }];
  });
  return {
    tasks: entries.map(({ task }) => task),
    dependsOn: dependenciesOf(entries, path, parsing.reporter),
  };
}

const isEmptyList = (value: Json | undefined) => Array.isArray(value) && value.length === 0;

function pick(map: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(map).filter(([name, value]) => names.includes(name) && value !== null));
}

/** Where a list that a definition named stands among the properties: found by identity, one map deep (`cases.a`). */
function pathOf(own: JsonObject, name: string, list: Json): PropertyPath {
  for (const [key, value] of Object.entries(own)) {
    if (value === list) return [key];
    if (!isJsonObject(value)) continue;
    for (const [inner, item] of Object.entries(value)) {
      if (item === list && typeof item === "object") return [key, inner];
    }
  }
  return [name];
}
