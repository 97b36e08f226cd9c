import { CONTEXT_VARIABLES } from "#schema/context-variables.ts";
import type { Flow, Task } from "#schema/flow.ts";
import type { Json } from "#schema/json.ts";
import type { PropertyDoc, TypeDoc } from "./catalogue.ts";

// What the variables of an expression hold, as far as a flow and its types tell.

export type Member = {
  name: string;
  /** A word or two: its type. */
  detail: string;
  description: string;
  members: () => readonly Member[];
};
export type Surroundings = { flow: Flow | undefined; types: readonly TypeDoc[] };

const NONE = (): readonly Member[] => [];

function member(name: string, detail: string, description = "", members: () => readonly Member[] = NONE): Member {
  return { name, detail, description, members };
}

/** The variables of the context. */
export function contextMembers(around: Surroundings): readonly Member[] {
  return CONTEXT_VARIABLES.map(({ name, description, fields = [] }) =>
    member(name, "variable", description, () => [
      ...declared(name, around),
      ...fields.map((field) =>
        member(field.name, "", field.description, () => declared(`${name}.${field.name}`, around)),
      ),
    ]),
  );
}

/** The member at the end of `path`. */
export function memberAt(path: readonly string[], around: Surroundings): Member | undefined {
  let found: Member | undefined;
  let all = contextMembers(around);
  for (const part of path) {
    found = all.find(({ name }) => name === part);
    if (found === undefined) return undefined;
    all = found.members();
  }
  return found;
}

/** What the flow declares below a variable. */
function declared(path: string, { flow, types }: Surroundings): readonly Member[] {
  if (flow === undefined) return [];
  switch (path) {
    case "inputs":
      return inputMembers(flow.inputs);
    case "outputs":
      return allTasks(flow).map((task) => taskMember(task, types));
    case "tasks":
      return allTasks(flow).map(({ id, type }) =>
        member(id, lastPart(type), "", () => [member("state", "text", "Its state")]),
      );
    case "vars":
      return jsonMembers(flow.variables);
    case "labels":
      return flow.labels.map(({ key, value }) => member(key, "label", value));
    case "trigger":
      return triggerMembers(flow, types);
    case "execution.outputs":
      return flow.outputs.map(({ id, type, description = "" }) => member(id, type ?? "", description));
    default:
      return [];
  }
}

/** Dots in ids nest. */
function inputMembers(inputs: Flow["inputs"], prefix = ""): readonly Member[] {
  const within = inputs.filter(({ id }) => id.startsWith(prefix));
  const names = [...new Set(within.map(({ id }) => id.slice(prefix.length).split(".")[0] ?? ""))];
  return names.map((name) => {
    const input = within.find(({ id }) => id === prefix + name);
    return input === undefined
      ? member(name, "inputs", "", () => inputMembers(inputs, `${prefix}${name}.`))
      : member(name, input.type, input.description ?? input.displayName ?? "");
  });
}

function taskMember({ id, type }: Task, types: readonly TypeDoc[]): Member {
  const doc = types.find((one) => one.type === type);
  return member(id, lastPart(type), doc?.title ?? "", () => fieldMembers(doc?.outputs ?? []));
}

function fieldMembers(fields: readonly PropertyDoc[]): readonly Member[] {
  return fields.map(({ name, type, description, fields: inner, isList }) =>
    member(name, type, description, isList ? NONE : () => fieldMembers(inner)),
  );
}

/** What its triggers bring, and a parent's call. */
function triggerMembers({ triggers }: Flow, types: readonly TypeDoc[]): readonly Member[] {
  const fields = triggers.flatMap(({ type }) => types.find((one) => one.type === type)?.outputs ?? []);
  const parents = [
    member("executionId", "text", "The parent of a subflow"),
    member("namespace", "text", "The namespace of the parent"),
    member("flowId", "text", "The flow of the parent"),
    member("flowRevision", "whole number", "The revision of the parent"),
  ];
  const all = [...fieldMembers(fields), ...parents];
  return all.filter(({ name }, index) => all.findIndex((one) => one.name === name) === index);
}

function jsonMembers(value: Json): readonly Member[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([name, item]) => {
    const isMap = typeof item === "object" && item !== null && !Array.isArray(item);
    const shown = isMap ? "map" : "variable";
    return member(name, shown, typeof item === "string" ? item : "", () => jsonMembers(item));
  });
}

function lastPart(type: string): string {
  return type.split(".").at(-1) ?? type;
}

function allTasks(flow: Flow): readonly Task[] {
  const found: Task[] = [];
  const walk = (tasks: readonly Task[]): void => {
    for (const task of tasks) {
      found.push(task);
      for (const list of Object.values(task.lists)) walk(list);
    }
  };
  for (const list of [flow.tasks, flow.errors, flow.finally, flow.afterExecution]) walk(list);
  return found;
}
