import { missingNames } from "#expr/index.ts";
import type { PropertyPath } from "#schema/conform.ts";
import { CONTEXT_VARIABLES, FOREIGN_VARIABLES } from "#schema/context-variables.ts";
import type { JsonObject } from "#schema/json.ts";
import type { PlacedId } from "./checks.ts";
import { type FlowNames, flowNames } from "./flow-names.ts";
import type { Reporter } from "./reporter.ts";
import { whyAbsent } from "./task-order.ts";

// What expressions name, held against what the flow declares.
//
// M1. What no execution can have is an error: an input that is not declared among others, outputs of a task that is nowhere in the flow.
// M2. What some execution may have, or what is only likely to be a mistake, is a warning: another variable, a task of a branch.
// M3. Better silent than wrong: what is asked for with `??`, `default` or `is defined`, anywhere in the same text, is no mistake, and
//     neither is a name that is computed.
// M4. The text is what a run would say.

const VARIABLES: readonly string[] = [...CONTEXT_VARIABLES.map(({ name }) => name), ...FOREIGN_VARIABLES];

/** What variables hold that hold nothing else. */
const FIELDS: ReadonlyMap<string, readonly string[]> = new Map(
  CONTEXT_VARIABLES.flatMap(({ name, fields, isClosed }) =>
    fields && isClosed ? [[name, fields.map((field) => field.name)]] : [],
  ),
);

export function checkReferences(root: JsonObject, taskIds: readonly PlacedId[], reporter: Reporter): void {
  const names = flowNames(root);
  // Parts that a task is made of have ids too.
  const ids = names.hasTemplates ? undefined : [...new Set([...names.tasks.keys(), ...taskIds.map(({ id }) => id)])];
  for (const { path, template } of reporter.templates) {
    // What a paused task asks for has inputs of its own.
    if (path.includes("onResume")) continue;
    // A flow's end may start this one: `outputs` of a trigger are that flow's.
    const tasks = path[0] === "triggers" ? undefined : ids;
    const missing = missingNames(template, (above) => namesBelow(above, names, tasks));
    const asked = new Set(missing.filter(({ isOptional }) => isOptional).map((found) => found.path.join(".")));
    const wrong = missing.filter((found) => !asked.has(found.path.join(".")));
    const certain = wrong.filter((found) => isCertain(found.path, path, names));
    for (const { problem } of certain.length > 0 ? certain : wrong)
      reporter.inTemplate(path, problem, certain.length > 0 ? "error" : "warning");
    if (wrong.length === 0) checkOrder({ root, path, template }, names, reporter);
  }
}

/** [M1] But for triggers, which see little of the flow, and for what Kestra's own documentation has. */
function isCertain([root, name, ...rest]: readonly string[], property: PropertyPath, { inputs }: FlowNames): boolean {
  if (property[0] === "triggers" || name === undefined) return false;
  // Examples that are cut out of a flow leave its inputs away, and all of them.
  if (root === "inputs") return inputs === undefined || inputs.length > 0 || rest.length > 0;
  // The parts of a ForEachItem, which are named in examples without it.
  return root === "outputs" && !/_(split|items|merge)$/.test(name);
}

function namesBelow(
  above: readonly string[],
  { inputs, variables }: FlowNames,
  taskIds: readonly string[] | undefined,
): readonly string[] | undefined {
  const [root, ...rest] = above;
  if (root === undefined) return VARIABLES;
  if (root === "inputs") return inputs && inputsBelow(inputs, rest);
  if (rest.length > 0) return undefined;
  if (root === "outputs" || root === "tasks") return taskIds;
  return root === "vars" ? variables : FIELDS.get(root);
}

/** Dots in ids nest: below `a` of `a.b` and `a.c` there are b and c. Below the value of an input there may be anything. */
function inputsBelow(ids: readonly string[], path: readonly string[]): readonly string[] | undefined {
  const prefix = path.map((part) => `${part}.`).join("");
  const within = ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length).split(".")[0] ?? "");
  return path.length > 0 && within.length === 0 ? undefined : [...new Set(within)];
}

type Placed = { root: JsonObject; path: PropertyPath; template: string };

/** [M2] Outputs of tasks that may not have run by then. */
function checkOrder({ root, path, template }: Placed, { tasks }: FlowNames, reporter: Reporter): void {
  if (path[0] === "inputs" || path[0] === "triggers") return;
  // As if there were no task at all: what is found then are the places that name one, and other variables.
  const named = missingNames(template, ([name, ...rest]) => {
    if (name === undefined) return ["outputs"];
    return rest.length === 0 ? [] : undefined;
  });
  const told = new Set(named.flatMap(({ isOptional, path: [, id = ""] }) => (isOptional ? id : [])));
  for (const { path: name, problem } of named) {
    const task = tasks.get(name[1] ?? "");
    if (task === undefined || told.has(task.id)) continue;
    const why = whyAbsent(root, path, task);
    if (why === undefined) continue;
    told.add(task.id);
    const message = `\`outputs.${task.id}\` may be missing: ${why}. Give a fallback with \`??\` if that is meant.`;
    reporter.inTemplate(path, { ...problem, message }, "warning");
  }
}
