import type { Json, JsonObject } from "#schema/json.ts";
import { Decimal } from "./decimal.ts";
import type { Meter } from "./entry.ts";
import { overBudget } from "./errors.ts";
import { Growth } from "./growth.ts";
import { isNumber, numberText, toFloat } from "./numbers.ts";
import { Double, isList, isMap, mapEntries, type Value } from "./value.ts";

/** How deep lists and maps may nest when they are written as text. */
const MAX_NESTING = 512;

function checkNesting(depth: number): void {
  if (depth > MAX_NESTING) throw overBudget("nested lists and maps", MAX_NESTING, "print a part of the value instead.");
}

/** What `{{ value }}` prints: text as it is, null as nothing, lists and maps as compact JSON. */
export function print(value: Value, meter: Meter): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "true" : "false";
  return isNumber(value) ? numberText(value) : jsonText(value, meter);
}

/** Compact JSON; entries that are null are left out of maps (but kept in lists). */
export function jsonText(value: Value, meter: Meter): string {
  return jsonPart(value, new Growth(meter), 0);
}

function jsonPart(value: Value, growth: Growth, depth: number): string {
  checkNesting(depth);
  if (value === null) return growth.add("null");
  if (typeof value === "string") return growth.add(JSON.stringify(value));
  if (typeof value === "boolean") return growth.add(value ? "true" : "false");
  if (isNumber(value)) {
    return growth.add(Number.isFinite(toFloat(value)) ? numberText(value) : `"${numberText(value)}"`);
  }
  if (isList(value)) return growth.add(`[${value.map((item) => jsonPart(item, growth, depth + 1)).join(",")}]`, 2);
  const parts: string[] = [];
  for (const [key, item] of mapEntries(value)) {
    if (item !== null) parts.push(`${growth.add(JSON.stringify(key))}:${jsonPart(item, growth, depth + 1)}`);
  }
  return growth.add(`{${parts.join(",")}}`, 2);
}

/** Java's own text of a value, as string concatenation shows it: `[1, 2]`, `{a=1, b=null}`. */
export function javaText(value: Value, meter: Meter): string {
  if (value === null) return "null";
  return typeof value === "object" ? javaPart(value, new Growth(meter), 0) : print(value, meter);
}

function javaPart(value: Value, growth: Growth, depth: number): string {
  checkNesting(depth);
  if (value === null) return growth.add("null");
  if (isList(value)) return growth.add(`[${value.map((item) => javaPart(item, growth, depth + 1)).join(", ")}]`, 2);
  if (!isMap(value)) return growth.add(print(value, growth.meter));
  const entries = mapEntries(value).map(([key, item]) => `${growth.add(key)}=${javaPart(item, growth, depth + 1)}`);
  return growth.add(`{${entries.join(", ")}}`, 2);
}

/** The value as plain JSON: an integer beyond 2^53 and a decimal lose what a JSON number cannot hold. */
export function toJson(value: Value, meter: Meter, depth = 0): Json {
  checkNesting(depth);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Double || value instanceof Decimal) {
    const number = toFloat(value);
    return Number.isFinite(number) ? number : null;
  }
  if (isList(value)) {
    meter.step(1 + value.length);
    return value.map((item) => toJson(item, meter, depth + 1));
  }
  const map: JsonObject = {};
  const entries = mapEntries(value);
  meter.step(1 + entries.length);
  for (const [key, item] of entries) setOwn(map, key, toJson(item, meter, depth + 1));
  return map;
}

/** Sets an own entry, also for the key `__proto__`. */
export function setOwn(map: JsonObject, key: string, value: Json): void {
  if (key !== "__proto__") map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}
