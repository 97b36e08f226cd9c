import type { Json, JsonObject } from "#schema/json.ts";
import type { Meter } from "../entry.ts";
import { Growth } from "../growth.ts";
import { setOwn } from "../text.ts";
import { JqError } from "./types.ts";

const SHOWN = 11;

export function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function typeName(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

export function isTrue(value: Json): boolean {
  return value !== null && value !== false;
}

/** Type and beginning of a value, for messages. */
export function described(value: Json): string {
  const text = beginning(value, SHOWN + 1);
  return `${typeName(value)} (${text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}...` : text})`;
}

/** The first characters of the value's text, at least `room` of them when there are so many. */
function beginning(value: Json, room: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, room + 1));
  if (typeof value !== "object" || value === null) return scalarText(value);
  const isArray = Array.isArray(value);
  let out = isArray ? "[" : "{";
  for (const [key, item] of Object.entries(value)) {
    if (out.length > room) return out;
    const name = isArray ? "" : `${JSON.stringify(key)}:`;
    out += `${out.length > 1 ? "," : ""}${name}`;
    out += beginning(item, room - out.length);
  }
  return out + (isArray ? "]" : "}");
}

/** JSON text as jq writes it. */
export function toText(value: Json, meter: Meter): string {
  return textPart(value, new Growth(meter));
}

function textPart(value: Json, growth: Growth): string {
  if (Array.isArray(value)) return growth.add(`[${value.map((item) => textPart(item, growth)).join(",")}]`, 2);
  if (!isObject(value)) return growth.add(scalarText(value));
  const entries = Object.keys(value).map(
    (key) => `${growth.add(JSON.stringify(key))}:${textPart(value[key] ?? null, growth)}`,
  );
  return growth.add(`{${entries.join(",")}}`, 2);
}

function scalarText(value: Json): string {
  return typeof value === "number" ? numberText(value) : JSON.stringify(value);
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "null";
  if (!Number.isFinite(value)) return value > 0 ? "1.7976931348623157e+308" : "-1.7976931348623157e+308";
  return value.toString();
}

const RANK: { [type: string]: number } = { null: 0, boolean: 1, number: 3, string: 4, array: 5, object: 6 };

/** jq's order over all values: null, false, true, numbers, strings, arrays, objects. */
export function compare(left: Json, right: Json, meter: Meter): number {
  meter.step(1);
  const rank = (RANK[typeName(left)] ?? 0) - (RANK[typeName(right)] ?? 0);
  if (rank !== 0) return rank;
  if (typeof left === "number" && typeof right === "number")
    return left < right || Number.isNaN(left) ? -1 : left > right ? 1 : 0;
  if (typeof left === "boolean") return Number(left) - Number(right);
  if (typeof left === "string" && typeof right === "string") return compareTexts(left, right, meter);
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(left, right, meter);
  if (!isObject(left) || !isObject(right)) return 0;
  const keys = sortedKeys(left, meter);
  const order = compareLists(keys, sortedKeys(right, meter), meter);
  return order !== 0
    ? order
    : compareLists(
        keys.map((key) => left[key] ?? null),
        keys.map((key) => right[key] ?? null),
        meter,
      );
}

function compareLists(left: readonly Json[], right: readonly Json[], meter: Meter): number {
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compare(left[i] ?? null, right[i] ?? null, meter);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** By code points. */
function compareTexts(left: string, right: string, meter: Meter): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  let at = 0;
  while (at < length && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  meter.step(at >> 6);
  return at === length ? left.length - right.length : pointRank(left, at) - pointRank(right, at);
}

/** Halves of a character beyond U+FFFF come after all others. */
function pointRank(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}

export function sortedKeys(value: JsonObject, meter: Meter): string[] {
  return Object.keys(value).sort((left, right) => compareTexts(left, right, meter));
}

export function isSame(left: Json, right: Json, meter: Meter): boolean {
  return left === right || compare(left, right, meter) === 0;
}

export function ownEntry(map: JsonObject, key: string): Json {
  return Object.hasOwn(map, key) ? (map[key] ?? null) : null;
}

/** `left op right` for the operators that take values. */
export function calculate(op: string, left: Json, right: Json, limits: Meter): Json {
  switch (op) {
    case "+":
      return plus(left, right, limits);
    case "-":
      return minus(left, right, limits);
    case "*":
      return times(left, right, limits);
    case "/":
      return divide(left, right);
    case "%":
      return modulo(left, right);
    case "==":
      return isSame(left, right, limits);
    case "!=":
      return !isSame(left, right, limits);
    case "<":
      return compare(left, right, limits) < 0;
    case "<=":
      return compare(left, right, limits) <= 0;
    case ">":
      return compare(left, right, limits) > 0;
    default:
      return compare(left, right, limits) >= 0;
  }
}

function cannot(left: Json, right: Json, what: string): JqError {
  return new JqError(`${described(left)} and ${described(right)} cannot be ${what}`);
}

function plus(left: Json, right: Json, limits: Meter): Json {
  if (left === null) return right;
  if (right === null) return left;
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (typeof left === "string" && typeof right === "string") {
    limits.size(left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    limits.step(left.length + right.length);
    return [...left, ...right];
  }
  if (isObject(left) && isObject(right)) {
    limits.step(Object.keys(left).length);
    return { ...left, ...right };
  }
  throw cannot(left, right, "added");
}

function minus(left: Json, right: Json, limits: Meter): Json {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (Array.isArray(left) && Array.isArray(right))
    return left.filter((item) => !right.some((other) => isSame(item, other, limits)));
  throw cannot(left, right, "subtracted");
}

function times(left: Json, right: Json, limits: Meter): Json {
  if (typeof left === "number" && typeof right === "number") return left * right;
  if (typeof left === "number" && typeof right === "string") return times(right, left, limits);
  if (typeof left === "string" && typeof right === "number") {
    if (!(right > 0)) return null;
    const count = Math.max(1, Math.floor(right));
    limits.size(left.length * count);
    return left.repeat(count);
  }
  if (isObject(left) && isObject(right)) return deepMerge(left, right, limits);
  throw cannot(left, right, "multiplied");
}

function deepMerge(left: JsonObject, right: JsonObject, limits: Meter): JsonObject {
  const merged = { ...left };
  for (const key of Object.keys(right)) {
    limits.step(1);
    const a = ownEntry(left, key);
    const b = ownEntry(right, key);
    setOwn(merged, key, isObject(a) && isObject(b) ? deepMerge(a, b, limits) : b);
  }
  return merged;
}

function divide(left: Json, right: Json): Json {
  if (typeof left === "number" && typeof right === "number") {
    if (right === 0) throw cannot(left, right, "divided because the divisor is zero");
    return left / right;
  }
  if (typeof left === "string" && typeof right === "string") return left === "" ? [] : left.split(right);
  throw cannot(left, right, "divided");
}

function modulo(left: Json, right: Json): Json {
  if (typeof left !== "number" || typeof right !== "number") throw cannot(left, right, "divided");
  const divisor = Math.trunc(Math.abs(right));
  if (divisor === 0) throw cannot(left, right, "divided because the divisor is zero");
  return (Math.trunc(left) % divisor) + 0;
}
