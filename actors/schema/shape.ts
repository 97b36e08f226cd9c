import * as z from "zod";
import type { NestedKind } from "./property.ts";

// A zod schema as plain data: what conform.ts and the renderer walk along. Compiled once for each schema.

type Marks = {
  schema: z.ZodType;
  optional: boolean;
  dynamic: boolean;
  typed: boolean;
  /** What to use instead; empty when nothing is named. */
  deprecated: string | undefined;
};

export type Shape = Marks &
  (
    | { kind: "text" | "integer" | "decimal" | "boolean" | "duration" | "any" }
    | { kind: "nested"; nested: NestedKind; required: boolean }
    | { kind: "choice"; choices: readonly string[] }
    | { kind: "list"; item: Shape }
    | { kind: "map"; item: Shape }
    | { kind: "object"; fields: ReadonlyMap<string, Shape>; loose: boolean }
    | { kind: "union"; options: readonly Shape[]; discriminator: string | undefined }
  );
export type ObjectShape = Extract<Shape, { kind: "object" }>;

const compiled = new WeakMap<z.ZodType, Shape>();

/** The shape of `schema`. Throws on a zod type that properties do not use. */
export function shapeOf(schema: z.ZodType): Shape {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const shape = compile(schema, { dynamic: false, typed: false });
  compiled.set(schema, shape);
  return shape;
}

/** The shape of an object schema. */
export function objectShapeOf(schema: z.ZodObject): ObjectShape {
  const shape = shapeOf(schema);
  if (shape.kind !== "object") throw new Error("An object schema has the shape of an object");
  return shape;
}

type Inherited = { dynamic: boolean; typed: boolean };

function compile(outer: z.ZodType, inherited: Inherited): Shape {
  const marks: Marks = { schema: outer, optional: false, deprecated: undefined, ...inherited };
  let extra: Record<string, unknown> = {};
  let schema = definitionOf(outer);
  for (;;) {
    extra = { ...z.globalRegistry.get(schema.of), ...extra };
    const inner = unwrapped(schema);
    if (inner === undefined) break;
    if (schema.def.type !== "readonly") marks.optional = true;
    schema = definitionOf(inner);
  }
  marks.dynamic ||= extra.$dynamic === true;
  marks.typed ||= extra.$typed === true;
  if (extra.deprecated === true) marks.deprecated = typeof extra.$instead === "string" ? extra.$instead : "";
  if (typeof extra.$nested === "string") {
    return { ...marks, kind: "nested", nested: extra.$nested as NestedKind, required: extra.$required === true };
  }
  if (extra.$duration === true) return { ...marks, kind: "duration" };
  return { ...marks, ...compileDefinition(schema.def, { dynamic: marks.dynamic, typed: marks.typed }) };
}

type Kind = Shape extends infer S ? (S extends Shape ? Omit<S, keyof Marks> : never) : never;

function compileDefinition(def: z.core.$ZodTypes["_zod"]["def"], inherited: Inherited): Kind {
  const child = (schema: z.core.SomeType) => compile(schema as z.ZodType, inherited);
  switch (def.type) {
    case "string":
      return { kind: "text" };
    case "number":
      return { kind: "format" in def ? "integer" : "decimal" };
    case "boolean":
      return { kind: "boolean" };
    case "enum":
      return { kind: "choice", choices: Object.values(def.entries).map(String) };
    case "literal":
      return { kind: "choice", choices: def.values.map(String) };
    case "array":
      return { kind: "list", item: child(def.element) };
    case "record":
      return { kind: "map", item: child(def.valueType) };
    case "object": {
      const fields = Object.entries(def.shape).map(([name, field]) => [name, child(field)] as const);
      return { kind: "object", fields: new Map(fields), loose: def.catchall?._zod.def.type === "unknown" };
    }
    case "union": {
      const discriminator = "discriminator" in def ? String(def.discriminator) : undefined;
      return { kind: "union", options: def.options.map(child), discriminator };
    }
    case "custom":
    case "unknown":
    case "any":
      return { kind: "any" };
    default:
      throw new Error(`Properties cannot have the zod type ${def.type}`);
  }
}

function definitionOf(schema: z.core.SomeType): { of: z.ZodType; def: z.core.$ZodTypes["_zod"]["def"] } {
  const of = schema as z.core.$ZodTypes & z.ZodType; // zod's closed union of its own classes
  return { of, def: of._zod.def };
}

function unwrapped({ def }: { def: z.core.$ZodTypes["_zod"]["def"] }): z.core.SomeType | undefined {
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "readonly":
      return def.innerType;
    default:
      return undefined;
  }
}
