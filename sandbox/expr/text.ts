import type { Json, JsonObject } from "#schema/json.ts";
import { Decimal } from "./decimal.ts";
import { overBudget } from "./errors.ts";
import { isNumber, numberText, toFloat } from "./numbers.ts";
import { Double, isList, isMap, mapEntries, type Value } from "./value.ts";

/** How deep lists and maps may nest when they are written as text. */
const MAX_NESTING = 512;

function checkNesting(depth: number): void {
  if (depth > MAX_NESTING) throw overBudget("nested lists and maps", MAX_NESTING, "print a part of the value instead.");
}

/** What `{{ value }}` prints: text as it is, null as nothing, lists and maps as compact JSON. */
export function print(value: Value): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isNumber(value)) return numberText(value);
  return jsonText(value);
}

/** Compact JSON; entries that are null are left out of maps (but kept in lists). */
export function jsonText(value: Value, depth = 0): string {
  checkNesting(depth);
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (isNumber(value)) return Number.isFinite(toFloat(value)) ? numberText(value) : `"${numberText(value)}"`;
  if (isList(value)) return `[${value.map((item) => jsonText(item, depth + 1)).join(",")}]`;
  const parts: string[] = [];
  for (const [key, item] of mapEntries(value)) {
    if (item !== null) parts.push(`${JSON.stringify(key)}:${jsonText(item, depth + 1)}`);
  }
  return `{${parts.join(",")}}`;
}

/** Java's own text of a value, as string concatenation shows it: `[1, 2]`, `{a=1, b=null}`. */
export function javaText(value: Value, depth = 0): string {
  checkNesting(depth);
  if (value === null) return "null";
  if (isList(value)) return `[${value.map((item) => javaText(item, depth + 1)).join(", ")}]`;
  if (!isMap(value)) return print(value);
  return `{${mapEntries(value)
    .map(([key, item]) => `${key}=${javaText(item, depth + 1)}`)
    .join(", ")}}`;
}

/** The value as plain JSON: an integer beyond 2^53 and a decimal lose what a JSON number cannot hold. */
export function toJson(value: Value, depth = 0): Json {
  checkNesting(depth);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Double || value instanceof Decimal) {
    const number = toFloat(value);
    return Number.isFinite(number) ? number : null;
  }
  if (isList(value)) return value.map((item) => toJson(item, depth + 1));
  const map: JsonObject = {};
  for (const [key, item] of mapEntries(value)) setOwn(map, key, toJson(item, depth + 1));
  return map;
}

/** Sets an own entry, also for the key `__proto__`. */
export function setOwn(map: JsonObject, key: string, value: Json): void {
  if (key !== "__proto__") map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}
