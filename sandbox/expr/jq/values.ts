import type { Json, JsonObject } from "#schema/json.ts";
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
  const text = toText(value);
  return `${typeName(value)} (${text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}...` : text})`;
}

/** JSON text as jq writes it. */
export function toText(value: Json): string {
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return `[${value.map(toText).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .map((key) => `${JSON.stringify(key)}:${toText(value[key] ?? null)}`)
    .join(",")}}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "null";
  if (!Number.isFinite(value)) return value > 0 ? "1.7976931348623157e+308" : "-1.7976931348623157e+308";
  return value.toString();
}

const RANK: { [type: string]: number } = { null: 0, boolean: 1, number: 3, string: 4, array: 5, object: 6 };

/** jq's order over all values: null, false, true, numbers, strings, arrays, objects. */
export function compare(left: Json, right: Json): number {
  const rank = (RANK[typeName(left)] ?? 0) - (RANK[typeName(right)] ?? 0);
  if (rank !== 0) return rank;
  if (typeof left === "number" && typeof right === "number")
    return left < right || Number.isNaN(left) ? -1 : left > right ? 1 : 0;
  if (typeof left === "boolean") return Number(left) - Number(right);
  if (typeof left === "string" && typeof right === "string") return compareTexts(left, right);
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(left, right);
  if (!isObject(left) || !isObject(right)) return 0;
  const keys = sortedKeys(left);
  const order = compareLists(keys, sortedKeys(right));
  return order !== 0
    ? order
    : compareLists(
        keys.map((key) => left[key] ?? null),
        keys.map((key) => right[key] ?? null),
      );
}

function compareLists(left: readonly Json[], right: readonly Json[]): number {
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compare(left[i] ?? null, right[i] ?? null);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** By code points. */
export function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const a = [...left];
  const b = [...right];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = (a[i]?.codePointAt(0) ?? 0) - (b[i]?.codePointAt(0) ?? 0);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export function sortedKeys(value: JsonObject): string[] {
  return Object.keys(value).sort(compareTexts);
}

export function isSame(left: Json, right: Json): boolean {
  return left === right || compare(left, right) === 0;
}

export function ownEntry(map: JsonObject, key: string): Json {
  return Object.hasOwn(map, key) ? (map[key] ?? null) : null;
}

type Limits = { step(count: number): void; size(length: number): void };

/** `left op right` for the operators that take values. */
export function calculate(op: string, left: Json, right: Json, limits: Limits): Json {
  switch (op) {
    case "+":
      return plus(left, right, limits);
    case "-":
      return minus(left, right);
    case "*":
      return times(left, right, limits);
    case "/":
      return divide(left, right);
    case "%":
      return modulo(left, right);
    case "==":
      return isSame(left, right);
    case "!=":
      return !isSame(left, right);
    case "<":
      return compare(left, right) < 0;
    case "<=":
      return compare(left, right) <= 0;
    case ">":
      return compare(left, right) > 0;
    default:
      return compare(left, right) >= 0;
  }
}

function cannot(left: Json, right: Json, what: string): JqError {
  return new JqError(`${described(left)} and ${described(right)} cannot be ${what}`);
}

function plus(left: Json, right: Json, limits: Limits): Json {
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

function minus(left: Json, right: Json): Json {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (Array.isArray(left) && Array.isArray(right))
    return left.filter((item) => !right.some((other) => isSame(item, other)));
  throw cannot(left, right, "subtracted");
}

function times(left: Json, right: Json, limits: Limits): Json {
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

function deepMerge(left: JsonObject, right: JsonObject, limits: Limits): JsonObject {
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
