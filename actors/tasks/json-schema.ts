import * as z from "zod";
import { isJsonObject } from "#schema/conform.ts";
import {
  FlowSource,
  INPUT_PROPERTIES,
  OutputSource,
  PluginDefaultSource,
  TaskCommon,
  TriggerCommon,
} from "#schema/flow-source.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { NestedKind } from "#schema/property.ts";
import { objectShapeOf } from "#schema/shape.ts";
import type { AnyTask, Registry, TriggerDefinition } from "./define.ts";
import { knownPattern } from "./known-types.ts";

// The JSON schema (draft-07) of a whole flow, for editors. Made from the same zod schemas that the parser checks with.

/** Marks that only our own code reads. `$dynamic` and `deprecated` stay: editors show them. */
const INTERNAL = new Set(["$typed", "$duration", "$nested", "$required", "$instead", "$schema", "~standard"]);

const NESTED: Readonly<Record<NestedKind, JsonObject>> = {
  tasks: { type: "array", items: { $ref: "#/definitions/task" } },
  task: { $ref: "#/definitions/task" },
  dag: {
    type: "array",
    items: {
      type: "object",
      properties: {
        task: { $ref: "#/definitions/task" },
        dependsOn: { type: "array", items: { type: "string" }, description: "Ids of the tasks it waits for" },
      },
      required: ["task"],
      additionalProperties: false,
    },
  },
  cases: { type: "object", additionalProperties: { type: "array", items: { $ref: "#/definitions/task" } } },
  inputs: { type: "array", items: { $ref: "#/definitions/input" } },
  triggers: { type: "array", items: { $ref: "#/definitions/trigger" } },
  outputs: { type: "array", items: { $ref: "#/definitions/output" } },
  "plugin-defaults": { type: "array", items: { $ref: "#/definitions/pluginDefault" } },
  conditions: { type: "array", items: { type: "object", required: ["type"] } },
};

const isNested = (kind: unknown): kind is NestedKind => typeof kind === "string" && Object.hasOwn(NESTED, kind);

const TEXT = JSON.stringify({ type: "string" });

type Draft = Record<string, unknown>;

/** Rewrites the schema of one property by its marks. */
function applyMarks(schema: Draft): void {
  // What zod adds to every integer says nothing to a user.
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (isNested(schema.$nested)) Object.assign(schema, NESTED[schema.$nested]);
  if (schema.$duration === true) {
    const { minimum: _minimum, maximum: _maximum, ...rest } = schema;
    for (const key of Object.keys(schema)) delete schema[key];
    Object.assign(schema, rest, { type: ["string", "number"] });
  }
  if (schema.$dynamic !== true) return;
  const { $dynamic, description, deprecated, title, default: fallback, ...core } = schema;
  const acceptsText = core.type === "string" && core.enum === undefined && core.pattern === undefined;
  const isAnything = Object.keys(core).every((key) => INTERNAL.has(key));
  const options = Array.isArray(core.anyOf) ? core.anyOf : [];
  const hasText = options.some((option) => JSON.stringify(option) === TEXT);
  if (acceptsText || isAnything || hasText || (Array.isArray(core.type) && core.type.includes("string"))) return;
  for (const key of Object.keys(schema)) delete schema[key];
  const kept = { $dynamic, title, description, deprecated, default: fallback };
  Object.assign(schema, Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)), {
    anyOf: [core, { type: "string" }],
  });
}

/** The JSON schema of a zod schema, as a user may write it. */
export function propertySchema(schema: z.ZodType): JsonObject {
  const made = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
    reused: "inline",
    override: ({ jsonSchema }) => applyMarks(jsonSchema),
  });
  const clean = withoutMarks(JSON.parse(JSON.stringify(made)));
  return isJsonObject(clean) ? clean : {};
}

/** Drops our own marks; a key of that name among the properties of an object is no mark. */
function withoutMarks(value: Json, areNames = false): Json {
  if (Array.isArray(value)) return value.map((item) => withoutMarks(item));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(([key]) => areNames || !INTERNAL.has(key));
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutMarks(item, key === "properties" && !areNames)]));
}

/** Names of nested properties that must be there: they are optional in zod, since the engine keeps them apart. */
function requiredNested(schema: z.ZodObject): string[] {
  return [...objectShapeOf(schema).fields].flatMap(([name, field]) =>
    field.kind === "nested" && field.required ? [name] : [],
  );
}

/** Properties and required names of an object schema, nested lists of tasks included. */
export function objectSchema(schema: z.ZodObject): { properties: JsonObject; required: string[] } {
  const { properties, required } = propertySchema(schema);
  return {
    properties: isJsonObject(properties) ? properties : {},
    required: [...(Array.isArray(required) ? required.map(String) : []), ...requiredNested(schema)],
  };
}

type Definition = AnyTask | TriggerDefinition;

/** One type: its own properties and the common ones, under its name and its aliases. */
function typeSchema(definition: Definition, common: ReturnType<typeof objectSchema>): JsonObject {
  const own = objectSchema(definition.input);
  return {
    type: "object",
    title: definition.title,
    description: definition.description,
    properties: {
      ...common.properties,
      ...own.properties,
      type: { enum: [definition.type, ...definition.aliases], description: definition.title },
    },
    required: [...new Set(["id", "type", ...own.required])],
    additionalProperties: false,
  };
}

/**
 * A choice by `type`: the editor checks only the branch that is meant, so its messages are about that one. `known`: a pattern of
 * further names, which are not offered and whose properties are not checked.
 */
function byType(
  branches: readonly { names: readonly string[]; definition: string }[],
  what: string,
  known?: string,
): JsonObject {
  const names = { enum: branches.flatMap((branch) => [...branch.names]) };
  const description = `Type of the ${what}`;
  return {
    type: "object",
    required: ["id", "type"],
    properties: {
      type: known === undefined ? { ...names, description } : { anyOf: [names, { pattern: known }], description },
    },
    allOf: branches.map(({ names, definition }) => ({
      if: { properties: { type: { enum: [...names] } }, required: ["type"] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON schema; the object is never awaited
      then: { $ref: `#/definitions/${definition}` },
    })),
  };
}

const namesOf = ({ type, aliases }: Definition) => ({ names: [type, ...aliases], definition: type });

function inputDefinitions(): JsonObject {
  const definitions: [string, JsonObject][] = Object.entries(INPUT_PROPERTIES).map(([type, schema]) => {
    const { properties, required } = objectSchema(schema);
    const withType: JsonObject = { ...properties, type: { enum: [type], description: "Type of the input" } };
    return [
      `input.${type}`,
      { type: "object", properties: withType, required: ["type", ...required], additionalProperties: false },
    ];
  });
  const branches = Object.keys(INPUT_PROPERTIES).map((type) => ({ names: [type], definition: `input.${type}` }));
  return { ...Object.fromEntries(definitions), input: byType(branches, "input") };
}

/** The JSON schema of a flow's YAML with the types of `registry`. */
export function flowJsonSchema(registry: Registry): JsonObject {
  const flow = objectSchema(FlowSource);
  const taskCommon = objectSchema(TaskCommon);
  const { retry, ...commonProperties } = taskCommon.properties;
  const common = { ...taskCommon, properties: { ...commonProperties, retry: { $ref: "#/definitions/retry" } } };
  const triggerCommon = objectSchema(TriggerCommon);
  const tasks = registry.tasks.map((task): [string, JsonObject] => [task.type, typeSchema(task, common)]);
  const triggers = registry.triggers.map((item): [string, JsonObject] => [item.type, typeSchema(item, triggerCommon)]);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Flow",
    type: "object",
    properties: { ...flow.properties, retry: { $ref: "#/definitions/retry" } },
    required: [...new Set(flow.required)],
    additionalProperties: false,
    definitions: {
      task: byType(registry.tasks.map(namesOf), "task", knownPattern("task", registry)),
      trigger: byType(registry.triggers.map(namesOf), "trigger", knownPattern("trigger", registry)),
      retry: retry ?? {},
      output: propertySchema(OutputSource),
      pluginDefault: propertySchema(PluginDefaultSource),
      ...inputDefinitions(),
      ...Object.fromEntries(tasks),
      ...Object.fromEntries(triggers),
    },
  };
}
