import { FlowSource, INPUT_PROPERTIES, OutputSource, TaskCommon, TriggerCommon } from "#schema/flow-source.ts";
import { type ObjectShape, objectShapeOf, type Shape } from "#schema/shape.ts";
import type { AnyTask, Example, Registry, TriggerDefinition, Where } from "#tasks/define.ts";

// What there is to write, as plain data: the page of a type, the help beside the editor and its completions read this.

export type PropertyDoc = {
  name: string;
  /** A word or two: `text`, `list of text`, `one of`. */
  type: string;
  description: string;
  required: boolean;
  /** May hold an expression. */
  dynamic: boolean;
  /** What to use instead; empty when nothing is named. Left out when it is not deprecated. */
  deprecated?: string;
  choices: readonly string[];
  /** Of a map or a list of maps. */
  fields: readonly PropertyDoc[];
  isList: boolean;
  /** Holds nested tasks, inputs and so on. */
  nested?: string;
};

export type TypeDoc = {
  type: string;
  /** The last part of the type. */
  name: string;
  kind: "task" | "trigger";
  /** `core.log`, `scripts.python`. */
  group: string;
  title: string;
  description: string;
  aliases: readonly string[];
  examples: readonly Example[];
  where: Where | "trigger";
  properties: readonly PropertyDoc[];
  outputs: readonly PropertyDoc[];
};

export function describeTypes(registry: Registry): readonly TypeDoc[] {
  const tasks = registry.tasks.map((task) => describeType(task, "task", task.where));
  const triggers = registry.triggers.map((trigger) => describeType(trigger, "trigger", "trigger"));
  return [...tasks, ...triggers].sort((a, b) => a.group.localeCompare(b.group) || a.name.localeCompare(b.name));
}

function describeType(
  definition: AnyTask | TriggerDefinition,
  kind: TypeDoc["kind"],
  where: TypeDoc["where"],
): TypeDoc {
  const { type, title, description, aliases, examples } = definition;
  const parts = type.split(".");
  const plugin = parts.indexOf("plugin");
  return {
    type,
    name: parts.at(-1) ?? type,
    kind,
    group: parts.slice(plugin + 1, -1).join("."),
    title,
    description,
    aliases,
    examples,
    where,
    properties: describeFields(objectShapeOf(definition.input)),
    outputs: describeFields(objectShapeOf(definition.output)),
  };
}

/** What every task may have, what every trigger may have, and so on. */
export const COMMON_DOCS = {
  flow: () => describeFields(objectShapeOf(FlowSource)),
  task: () => describeFields(objectShapeOf(TaskCommon)),
  trigger: () => describeFields(objectShapeOf(TriggerCommon)),
  output: () => describeFields(objectShapeOf(OutputSource)),
  input: (type: string | undefined): readonly PropertyDoc[] => {
    const known = Object.entries(INPUT_PROPERTIES).find(([name]) => name === type)?.[1] ?? INPUT_PROPERTIES.STRING;
    return [INPUT_TYPE, ...describeFields(objectShapeOf(known))];
  },
} as const;

const INPUT_TYPE: PropertyDoc = {
  name: "type",
  type: "one of",
  description: "What kind of value it takes",
  required: true,
  dynamic: false,
  choices: Object.keys(INPUT_PROPERTIES),
  fields: [],
  isList: false,
};

// Deeper than this nothing is described: schemas may be recursive.
const MAX_DEPTH = 4;

function describeFields(shape: ObjectShape, depth = 0): readonly PropertyDoc[] {
  return [...shape.fields].map(([name, field]) => describeField(name, field, depth));
}

function describeField(name: string, shape: Shape, depth: number): PropertyDoc {
  const inner = innerObject(shape);
  return {
    name,
    type: typeWord(shape),
    description: descriptionOf(shape.schema),
    required: shape.kind === "nested" ? shape.required : !shape.optional,
    dynamic: shape.dynamic,
    ...(shape.deprecated === undefined ? {} : { deprecated: shape.deprecated }),
    choices: choicesOf(shape),
    fields: inner && depth < MAX_DEPTH ? describeFields(inner, depth + 1) : [],
    isList: shape.kind === "list" || shape.kind === "nested",
    ...(shape.kind === "nested" ? { nested: shape.nested } : {}),
  };
}

type Described = { description?: string | undefined; _zod: { def: object } };

/** The description may stand on the schema or on what it wraps. */
function descriptionOf(schema: Described): string {
  for (let at: Described | undefined = schema; at; ) {
    if (at.description !== undefined) return at.description;
    const { def }: { def: { innerType?: Described } } = at._zod;
    at = def.innerType;
  }
  return "";
}

function innerObject(shape: Shape): ObjectShape | undefined {
  if (shape.kind === "object") return shape;
  if (shape.kind === "list") return innerObject(shape.item);
  if (shape.kind !== "union") return undefined;
  const options = shape.options.flatMap((option) => innerObject(option) ?? []);
  const [first] = options;
  if (options.length < 2 || !first) return first;
  // Of several kinds of map, all their properties: which one it is shows in the problems.
  return { ...first, fields: new Map(options.flatMap((option) => [...option.fields])) };
}

function choicesOf(shape: Shape): readonly string[] {
  if (shape.kind === "choice") return shape.choices;
  if (shape.kind === "boolean") return ["true", "false"];
  if (shape.kind === "list") return choicesOf(shape.item);
  if (shape.kind === "union") return [...new Set(shape.options.flatMap(choicesOf))];
  return [];
}

const WORDS = {
  text: "text",
  integer: "whole number",
  decimal: "number",
  boolean: "true or false",
  duration: "duration",
  any: "anything",
  choice: "one of",
  object: "map",
} as const;
const NESTED_WORDS: Readonly<Record<string, string>> = {
  tasks: "list of tasks",
  cases: "tasks by case",
  inputs: "list of inputs",
  outputs: "list of outputs",
  triggers: "list of triggers",
  conditions: "list of conditions",
  "plugin-defaults": "list of defaults",
};

function typeWord(shape: Shape): string {
  switch (shape.kind) {
    case "nested":
      return NESTED_WORDS[shape.nested] ?? "list";
    case "list":
      return `list of ${typeWord(shape.item)}`;
    case "map":
      return shape.item.kind === "any" ? "map" : `map of ${typeWord(shape.item)}`;
    case "union":
      return [...new Set(shape.options.map(typeWord))].join(" or ");
    default:
      return WORDS[shape.kind];
  }
}
