import type { Json } from "./json.ts";
import type { Shape } from "./shape.ts";

/** The type of `value` as a user calls it. */
export function typeName(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a string";
    case "number":
      return Number.isInteger(value) ? "an integer" : "a number";
    case "boolean":
      return "a boolean";
    default:
      return "a map";
  }
}

/** What a value of `shape` is, as a user calls it. */
export function describe(shape: Shape): string {
  switch (shape.kind) {
    case "text":
      return "a string";
    case "integer":
      return "an integer";
    case "decimal":
      return "a number";
    case "boolean":
      return "a boolean";
    case "duration":
      return "an ISO-8601 duration such as PT30S";
    case "choice":
      return shape.choices.length === 1 ? `\`${shape.choices[0]}\`` : `one of ${shape.choices.join(", ")}`;
    case "list":
      return "a list";
    case "map":
    case "object":
      return "a map";
    case "union":
      return [...new Set(shape.options.map(describe))].join(" or ");
    case "any":
    case "nested":
      return "a value";
  }
}
