import type { Args, Call, Func } from "../entry.ts";
import { argumentError, failure } from "../errors.ts";
import { fromOutside, isList, isMap, mapEntries, mapGet, mapOf, newMap, type Value } from "../value.ts";

const TO_RENDER = { name: "toRender", description: "text, or a list or map with texts", required: true };

function variable(call: Call, name: string): Value {
  return fromOutside(call.scope.get(name)) ?? null;
}

/** The entry of a map by a path; null when something on the way is missing. */
function at(value: Value, ...path: string[]): Value {
  let current = value;
  for (const key of path) current = current !== null && isMap(current) ? (mapGet(current, key) ?? null) : null;
  return current;
}

/** The values of the loops around this task run, outermost first, its own last. */
function loopValues(call: Call): string[] {
  const parents = variable(call, "parents");
  const ancestors = isList(parents) ? [...parents].reverse().map((parent) => at(parent, "taskrun", "value")) : [];
  return [...ancestors, at(variable(call, "taskrun"), "value")].filter((value) => typeof value === "string");
}

function currentEachOutput(args: Args, call: Call): Value {
  let current = args.value("outputs");
  for (const value of loopValues(call)) {
    const next = current !== null && isMap(current) ? mapGet(current, value) : undefined;
    if (next === undefined) throw failure(`The outputs given to 'currentEachOutput' have no entry \`${value}\`.`);
    current = next;
  }
  return current;
}

/** Outputs of a task in the current turn of the loops around: the entry by value where there is one. */
function currentOutput(args: Args, call: Call): Value {
  let current = at(variable(call, "outputs"), args.text("taskId"));
  for (const value of loopValues(call)) {
    const next = current !== null && isMap(current) ? mapGet(current, value) : undefined;
    if (next !== undefined) current = next;
  }
  return current;
}

/** One output of all turns of a Loop, in the order of its values. */
function loopOutputs(args: Args): Value {
  const turns = args.value("outputs");
  if (turns === null || !isList(turns))
    throw argumentError("The first argument of 'loopOutputs' must be `outputs.<loop>.outputs`.");
  const id = args.text("outputId");
  return [...turns].map((turn) => at(turn, "outputs", id));
}

function tasksWithState(args: Args, call: Call): Value {
  const wanted = args.text("state").toUpperCase();
  const tasks = variable(call, "tasks");
  if (tasks === null || !isMap(tasks)) return [];
  const found: Value[] = [];
  for (const [taskId, task] of mapEntries(tasks)) {
    const own = at(task, "state");
    if (typeof own === "string") {
      if (own === wanted) found.push(mapOf({ taskId, state: own }));
      continue;
    }
    if (task === null || !isMap(task)) continue;
    for (const [value, run] of mapEntries(task)) {
      if (at(run, "state") === wanted) found.push(mapOf({ taskId, state: wanted, value }));
    }
  }
  return found;
}

/** What begins with this is of the engine's own making and shown to nobody. */
const INTERNAL = /^(secretConsumer|_)/;

function wholeContext(call: Call): Value {
  const map = newMap();
  for (const name of call.scope.keys()) {
    const value = fromOutside(call.scope.get(name));
    call.step(1);
    if (value !== undefined && !INTERNAL.test(name)) map[name] = value;
  }
  return map;
}

function fileUri(args: Args, call: Call): string {
  const path = args.text("path").replace(/^\/+/, "");
  const namespace = at(variable(call, "flow"), "namespace");
  if (path.split("/").includes("..")) throw argumentError("The path of 'fileURI' must not contain `../`.");
  if (typeof namespace !== "string") throw failure("The 'fileURI' function needs `flow.namespace`.");
  return `kestra:///${namespace.replaceAll(".", "/")}/_files/${path}`;
}

export const TEMPLATE_FUNCTIONS: readonly Func[] = [
  {
    name: "render",
    description: "renders text within a value, again and again until nothing is left to render",
    args: [TO_RENDER, { name: "recursive", description: "false renders once", default: true }],
    examples: [["{{ render('{{ 1 + 1 }}') }}", "2"]],
    run: (args, call) => call.render(args.value("toRender"), args.flag("recursive", true)),
  },
  {
    name: "renderOnce",
    description: "renders text within a value once",
    args: [TO_RENDER],
    examples: [["{{ renderOnce('{{ 1 }}') }}", "1"]],
    run: (args, call) => call.render(args.value("toRender"), false),
  },
  {
    name: "block",
    description: "the text of a block of this template",
    args: [{ name: "name", description: "the block's name", required: true }],
    examples: [["{% block p %}c{% endblock %}{{ block('p') }}", "cc"]],
    run: (args, call) => call.block(args.text("name")),
  },
  {
    name: "parent",
    description: "the block of a parent template",
    deprecated: "it always fails, because no template extends another here",
    examples: [],
    run: () => {
      throw failure("Can not use the 'parent' function: no template extends another here. Use `block('name')`.");
    },
  },
  {
    name: "i18n",
    description: "a text of a resource bundle",
    deprecated: "it always fails, because there are no bundles here",
    args: [
      { name: "bundle", description: "the bundle's name", required: true },
      { name: "key", description: "the text's key", required: true },
    ],
    examples: [],
    run: (args) => {
      throw failure(`There is no resource bundle '${args.text("bundle")}': keep texts in flow variables.`);
    },
  },
  {
    name: "currentEachOutput",
    description: "outputs of a task in the current turn of the loops around",
    args: [{ name: "outputs", description: "the task's outputs, as in outputs.first", required: true }],
    examples: [["{{ currentEachOutput({'a': 1}).a }}", "1"]],
    run: currentEachOutput,
  },
  {
    name: "currentOutput",
    description: "outputs of a task in the current turn of the loops around",
    args: [{ name: "taskId", description: "the task's id", required: true }],
    examples: [["{{ currentOutput('first') }}", ""]],
    run: currentOutput,
  },
  {
    name: "loopOutputs",
    description: "one output of each turn of a Loop, as a list",
    args: [
      { name: "outputs", description: "the loop's turns, as in outputs.loop.outputs", required: true },
      { name: "outputId", description: "the id of the output", required: true },
    ],
    examples: [["{{ loopOutputs([{'outputs': {'a': 1}}], 'a') }}", "[1]"]],
    run: loopOutputs,
  },
  {
    name: "tasksWithState",
    description: "the task runs in a state, as taskId, state and the loop's value",
    args: [{ name: "state", description: "for example FAILED", required: true }],
    examples: [["{{ tasksWithState('FAILED') }}", "[]"]],
    run: tasksWithState,
  },
  {
    name: "printContext",
    aliases: ["fetchContext"],
    description: "all variables as a map",
    examples: [["{{ printContext() }}", "{}"]],
    run: (_args, call) => wholeContext(call),
  },
  {
    name: "fileURI",
    description: "the URI of a namespace file",
    args: [{ name: "path", description: "the file's path in the namespace", required: true }],
    examples: [],
    run: fileUri,
  },
];
