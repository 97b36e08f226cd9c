import * as z from "zod";
import type { Json } from "./json.ts";

// How a property says more than its zod type: marks in its metadata, read by shape.ts, the JSON schema and the documentation.

/** Rendered before use, deeply; until then it may be an expression, whatever its type. */
export function dynamic<S extends z.ZodType>(schema: S): S {
  return schema.meta({ $dynamic: true });
}

/** As `dynamic`, but a text that is one expression keeps the type of its value. */
export function typed<S extends z.ZodType>(schema: S): S {
  return schema.meta({ $dynamic: true, $typed: true });
}

/** An ISO-8601 duration (`PT30S`) or a number of seconds; its value is in ms. */
export function duration(): z.ZodNumber {
  return z.number().meta({ $duration: true });
}

/** One text or a list of texts. */
export function stringOrList(): z.ZodUnion<readonly [z.ZodString, z.ZodArray<z.ZodString>]> {
  return z.union([z.string(), z.array(z.string())]);
}

/** Any JSON value. */
export function anything(): z.ZodType<Json> {
  return z.custom<Json>((value) => value !== undefined);
}

/** A map from names to texts; numbers and booleans become text. */
export function textMap(): z.ZodRecord<z.ZodString, z.ZodString> {
  return z.record(z.string(), z.string());
}

/** A map from names to any JSON value. */
export function anyMap(): z.ZodRecord<z.ZodString, z.ZodType<Json>> {
  return z.record(z.string(), anything());
}

/** Labels as a map, or as a list of `key` and `value`. */
export function labelMap() {
  const label = z.strictObject({ key: z.string().describe("Name"), value: z.string().describe("Value") });
  return z.union([textMap(), z.array(label)]);
}

export type NestedKind =
  | "tasks"
  | "task"
  | "dag"
  | "cases"
  | "inputs"
  | "triggers"
  | "outputs"
  | "plugin-defaults"
  | "conditions";

/** What the flow parser reads by itself: lists of tasks, of inputs and so on. Never rendered. */
export function nested(kind: NestedKind, options: { required?: boolean } = {}): z.ZodOptional<z.ZodType<Json>> {
  return anything()
    .meta({ $nested: kind, ...(options.required ? { $required: true } : {}) })
    .optional();
}

/** Still accepted; `instead` names what to use, e.g. "`pauseDuration`". */
export function deprecated<S extends z.ZodType>(schema: S, instead: string): S {
  return schema.meta({ deprecated: true, $instead: instead });
}

/** True when `text` holds something for the expression language. */
export function hasExpression(text: string): boolean {
  return text.includes("{{") || text.includes("{%") || text.includes("{#");
}
