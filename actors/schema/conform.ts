import type * as z from "zod";
import { describe, typeName } from "./describe.ts";
import { parseDuration } from "./duration.ts";
import type { Json, JsonObject } from "./json.ts";
import { nearest } from "./nearest.ts";
import type { ProblemCode } from "./problem.ts";
import { hasExpression } from "./property.ts";
import { type ObjectShape, type Shape, shapeOf } from "./shape.ts";

// Brings what a user wrote (or an expression gave) to the type a schema declares: `"5"` to 5, `PT30S` to ms, JSON text to lists and maps.
//
// C1. Nothing throws, whatever the value; every mismatch is an issue with the path of the property.
// C2. In source mode a dynamic property may be an expression: it is left as it is and its type is not judged.
// C3. A property that is null counts as absent.

export type PropertyPath = readonly (string | number)[];

export type Issue = {
  code: ProblemCode;
  path: PropertyPath;
  message: string;
  /** What the place of the issue is: the property's name or its value. */
  on: "key" | "value";
  severity?: "warning" | "info";
};

export type ConformOptions = {
  /** `source`: before rendering, everything is judged that can be. `rendered`: expressions are done, text is text. */
  mode: "source" | "rendered";
  /** The scalar at `path` exactly as written (`1.10`), when it is known. */
  textAt?(path: PropertyPath): string | undefined;
  /** Called in source mode for each text of a dynamic property that holds an expression. */
  onTemplate?(path: PropertyPath, template: string): void;
  at?: PropertyPath;
};

export type Conformed = {
  /** The converted value, with the schema's defaults when there are no issues and no expressions. */
  value: unknown;
  issues: readonly Issue[];
};

/** `tasks[0].cases.a`, `env["a b"]`. */
export function formatPath(path: PropertyPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (!/^[\w$-]+$/.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** Converts `value` to `schema` and says everything that does not fit. */
export function conform(schema: z.ZodType, value: Json, options: ConformOptions): Conformed {
  const walk = new Walk(options);
  const at = options.at ?? [];
  const converted = walk.convert(shapeOf(schema), value, at);
  if (walk.open || walk.issues.some((issue) => issue.severity === undefined)) {
    return { value: converted, issues: walk.issues };
  }
  const parsed = schema.safeParse(converted);
  if (parsed.success) return { value: parsed.data, issues: walk.issues };
  walk.addZodIssues(parsed.error.issues, at);
  return { value: converted, issues: walk.issues };
}

/** `value` with each number and boolean that stands for a text as it is written (`1.10` stays `1.10`). */
export function withTexts(
  shape: Shape,
  value: Json,
  textAt: NonNullable<ConformOptions["textAt"]>,
  at: PropertyPath,
): Json {
  if (shape.kind === "text" && (typeof value === "number" || typeof value === "boolean")) {
    return textAt(at) ?? String(value);
  }
  if (shape.kind === "union") {
    const option = shape.options.find((candidate) => isExact(candidate, value));
    const text = shape.options.find((candidate) => candidate.kind === "text");
    const chosen = option ?? (typeof value === "object" ? undefined : text);
    return chosen === undefined || shape.discriminator !== undefined ? value : withTexts(chosen, value, textAt, at);
  }
  if (shape.kind === "list" && Array.isArray(value)) {
    return value.map((item, index) => withTexts(shape.item, item, textAt, [...at, index]));
  }
  if ((shape.kind === "map" || shape.kind === "object") && isJsonObject(value)) {
    const entries = Object.entries(value).map(([key, item]): [string, Json] => {
      const inner = shape.kind === "map" ? shape.item : shape.fields.get(key);
      return [key, inner === undefined ? item : withTexts(inner, item, textAt, [...at, key])];
    });
    return Object.fromEntries(entries);
  }
  return value;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True when `value` has the JSON type of `shape` already, without any conversion. */
function isExact(shape: Shape, value: Json): boolean {
  switch (shape.kind) {
    case "text":
    case "choice":
    case "duration":
      return typeof value === "string";
    case "integer":
    case "decimal":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "list":
      return Array.isArray(value);
    case "map":
    case "object":
      return isJsonObject(value);
    default:
      return true;
  }
}

/**
 * Milliseconds of a number of seconds or an ISO-8601 text; undefined when it is neither, or beyond all use. A number that was rendered
 * is a text.
 */
function durationMs(value: Json, text: string, isRendered: boolean): number | undefined {
  const isNumber = typeof value === "number" || (isRendered && /^\s*\d{1,12}(\.\d{1,9})?\s*$/.test(text));
  const ms = isNumber ? Math.round(Number(text) * 1000) : parseDuration(text);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

class Walk {
  readonly issues: Issue[] = [];
  /** An expression was met: the value is not complete. */
  open = false;
  readonly #options: ConformOptions;

  constructor(options: ConformOptions) {
    this.#options = options;
  }

  convert(shape: Shape, value: Json, path: PropertyPath): unknown {
    const source = this.#options.mode === "source";
    if (source && shape.dynamic && typeof value === "string" && hasExpression(value)) {
      this.open = true;
      this.#options.onTemplate?.(path, value);
      return value;
    }
    switch (shape.kind) {
      case "nested":
        return value;
      case "any":
        if (source && shape.dynamic) this.#visit(value, path);
        return value;
      case "list":
        return this.#list(shape, value, path);
      case "map":
        return this.#map(shape, value, path);
      case "object":
        return this.#object(shape, value, path);
      case "union":
        return this.#union(shape, value, path);
      default:
        return this.#scalar(shape, value, path);
    }
  }

  addZodIssues(issues: readonly z.core.$ZodIssue[], at: PropertyPath): void {
    for (const { message, path } of issues) {
      const full = [...at, ...path.map((part) => (typeof part === "number" ? part : String(part)))];
      this.#add("INVALID_VALUE", full, `\`${String(full.at(-1) ?? "value")}\`: ${message}`);
    }
  }

  #add(code: ProblemCode, path: PropertyPath, message: string, on: "key" | "value" = "value"): undefined {
    this.issues.push({ code, path, message, on });
  }

  #mismatch(shape: Shape, value: Json, path: PropertyPath): undefined {
    const name = path.length === 0 ? "The value" : `\`${formatPath(path.slice(-1))}\``;
    const short = typeof value === "string" && value.length <= 60 && !value.includes("\n");
    const expression =
      typeof value === "string" && hasExpression(value) && this.#options.mode === "source"
        ? ": expressions are not rendered here"
        : "";
    const got = short ? `${typeName(value)}: \`${value}\`` : typeName(value);
    const near = shape.kind === "choice" && typeof value === "string" ? nearest(value, shape.choices) : undefined;
    const hint = near === undefined ? "" : `. Did you mean \`${near}\`?`;
    // What is written was judged before: only an expression can have given this.
    if (this.#options.mode === "rendered")
      return this.#add("INVALID_VALUE", path, `${name} needs ${describe(shape)}; the expression gave ${got}${hint}`);
    return this.#add("INVALID_VALUE", path, `${name} must be ${describe(shape)}, but is ${got}${expression}${hint}`);
  }

  /** Reports the templates of a value that may be anything. */
  #visit(value: Json, path: PropertyPath): void {
    if (typeof value === "string") {
      if (!hasExpression(value)) return;
      this.open = true;
      this.#options.onTemplate?.(path, value);
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) this.#visit(item, [...path, index]);
    } else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries(value)) this.#visit(item, [...path, key]);
    }
  }

  #scalar(shape: Shape, value: Json, path: PropertyPath): unknown {
    const converted = this.#convertScalar(shape, value, path);
    if (converted === undefined) return this.#mismatch(shape, value, path);
    if (this.#options.mode === "source") {
      const parsed = shape.schema.safeParse(converted);
      if (!parsed.success) this.addZodIssues(parsed.error.issues, path);
    }
    return converted;
  }

  #convertScalar(shape: Shape, value: Json, path: PropertyPath): unknown {
    if (typeof value === "object") return undefined;
    const text = typeof value === "string" ? value : (this.#options.textAt?.(path) ?? String(value));
    switch (shape.kind) {
      case "text":
        return text;
      case "choice":
        return shape.choices.includes(text) ? text : undefined;
      case "boolean":
        return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : undefined;
      case "integer":
        return /^\s*[+-]?\d{1,15}(\.0+)?\s*$/.test(String(value)) ? Number(value) : undefined;
      case "decimal":
        return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(String(value)) ? Number(value) : undefined;
      case "duration":
        return durationMs(value, text, this.#options.mode === "rendered");
      default:
        return undefined;
    }
  }

  #list(shape: Extract<Shape, { kind: "list" }>, value: Json, path: PropertyPath): unknown {
    const list = typeof value === "string" && shape.dynamic ? (parseJson(value) ?? value) : value;
    if (!Array.isArray(list)) return this.#mismatch(shape, value, path);
    return list.map((item, index) =>
      item === null && shape.item.kind === "any" ? null : this.convert(shape.item, item, [...path, index]),
    );
  }

  #map(shape: Extract<Shape, { kind: "map" }>, value: Json, path: PropertyPath): unknown {
    const map = typeof value === "string" && shape.dynamic ? (parseJson(value) ?? value) : value;
    if (!isJsonObject(map)) return this.#mismatch(shape, value, path);
    const entries: [string, unknown][] = [];
    for (const [key, item] of Object.entries(map)) {
      if (item !== null) entries.push([key, this.convert(shape.item, item, [...path, key])]);
      else if (shape.item.kind === "any") entries.push([key, null]);
    }
    return Object.fromEntries(entries);
  }

  #object(shape: ObjectShape, value: Json, path: PropertyPath): unknown {
    const map = typeof value === "string" && shape.dynamic ? (parseJson(value) ?? value) : value;
    if (!isJsonObject(map)) return this.#mismatch(shape, value, path);
    const entries: [string, unknown][] = [];
    for (const [key, item] of Object.entries(map)) {
      const field = shape.fields.get(key);
      if (field === undefined) {
        if (shape.loose) entries.push([key, item]);
        else this.issues.push(unknownProperty(key, shape.fields.keys(), [...path, key]));
        continue;
      }
      if (item === null) continue;
      if (field.deprecated !== undefined) this.#deprecated(key, field.deprecated, [...path, key]);
      entries.push([key, this.convert(field, item, [...path, key])]);
    }
    this.#missing(shape, map, path);
    return Object.fromEntries(entries);
  }

  #deprecated(key: string, instead: string, path: PropertyPath): void {
    if (this.#options.mode !== "source") return;
    const message = `\`${key}\` is deprecated${instead === "" ? "" : `: use ${instead}`}`;
    this.issues.push({ code: "DEPRECATED", path, message, on: "key", severity: "warning" });
  }

  #missing(shape: ObjectShape, map: JsonObject, path: PropertyPath): void {
    for (const [name, field] of shape.fields) {
      const required = field.kind === "nested" ? field.required && this.#options.mode === "source" : !field.optional;
      if (!required || (map[name] ?? null) !== null) continue;
      this.#add("MISSING_PROPERTY", [...path, name], `\`${name}\` is missing: it must be ${describe(field)}`, "key");
    }
  }

  #union(shape: Extract<Shape, { kind: "union" }>, value: Json, path: PropertyPath): unknown {
    if (shape.discriminator !== undefined) return this.#discriminated(shape, shape.discriminator, value, path);
    const exact = shape.options.filter((option) => isExact(option, value));
    const candidates = [...exact, ...shape.options.filter((option) => !exact.includes(option))];
    for (const option of candidates) {
      const attempt = new Walk(
        this.#options.mode === "source" ? { mode: "source", textAt: this.#options.textAt } : this.#options,
      );
      const converted = attempt.convert(option, value, path);
      if (attempt.issues.some((issue) => issue.severity === undefined)) continue;
      return attempt.open || attempt.issues.length > 0 ? this.convert(option, value, path) : converted;
    }
    // Of the right JSON type, but wrong inside: say what is wrong there.
    const [only] = exact;
    if (only !== undefined && exact.length === 1) return this.convert(only, value, path);
    return this.#mismatch(shape, value, path);
  }

  #discriminated(shape: Extract<Shape, { kind: "union" }>, name: string, value: Json, path: PropertyPath): unknown {
    if (!isJsonObject(value)) return this.#mismatch(shape, value, path);
    const wanted = value[name] ?? null;
    const choices: string[] = [];
    for (const option of shape.options) {
      const field = option.kind === "object" ? option.fields.get(name) : undefined;
      if (field?.kind !== "choice") continue;
      if (field.choices.includes(String(wanted))) return this.convert(option, value, path);
      choices.push(...field.choices);
    }
    if (wanted === null) {
      return this.#add(
        "MISSING_PROPERTY",
        [...path, name],
        `\`${name}\` is missing: one of ${choices.join(", ")}`,
        "key",
      );
    }
    const near = nearest(String(wanted), choices);
    const hint = near === undefined ? `: it must be one of ${choices.join(", ")}` : `. Did you mean \`${near}\`?`;
    return this.#add("UNKNOWN_TYPE", [...path, name], `Unknown ${name} \`${String(wanted)}\`${hint}`);
  }
}

/** The issue of a property that is not there, with the nearest one that is. */
export function unknownProperty(key: string, known: Iterable<string>, path: PropertyPath): Issue {
  const near = nearest(key, known);
  const hint = near === undefined ? "" : `. Did you mean \`${near}\`?`;
  return { code: "UNKNOWN_PROPERTY", path, message: `Unknown property \`${key}\`${hint}`, on: "key" };
}
