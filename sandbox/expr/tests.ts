import type { Test } from "./entry.ts";
import { typeError } from "./errors.ts";
import { arithmetic, compareNumbers, isNumber } from "./numbers.ts";
import { className, isList, isMap, mapKeys, type Value } from "./value.ts";

/** Null, blank text, and lists and maps without entries. */
export function isEmpty(value: Value): boolean {
  if (value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  if (isList(value)) return value.length === 0;
  return isMap(value) && mapKeys(value).length === 0;
}

function remainder(value: Value, test: string): boolean {
  if (value === null) throw typeError(`Can not pass null value to "${test}" test.`);
  if (!isNumber(value)) throw typeError(`The "${test}" test expects a number. Actual type was: ${className(value)}`);
  return compareNumbers(arithmetic("%", value, 2), 0) === 0;
}

function isJson(value: Value): boolean {
  if (typeof value !== "string") return false;
  try {
    JSON.parse(value);
    return true;
  } catch {
    return false;
  }
}

export const TEST_ENTRIES: readonly Test[] = [
  {
    name: "defined",
    description: "neither undefined nor null",
    examples: [["{{ a is defined }}", "false"]],
    takesUndefined: true,
    run: (value) => value !== null,
  },
  { name: "null", description: "null", examples: [["{{ null is null }}", "true"]], run: (value) => value === null },
  {
    name: "empty",
    description: "null, blank text, or a list or map without entries",
    examples: [["{{ '  ' is empty }}", "true"]],
    run: isEmpty,
  },
  {
    name: "even",
    description: "an even number",
    examples: [["{{ 2 is even }}", "true"]],
    run: (value) => remainder(value, "even"),
  },
  {
    name: "odd",
    description: "an odd number",
    examples: [["{{ 3 is odd }}", "true"]],
    run: (value) => !remainder(value, "odd"),
  },
  {
    name: "iterable",
    description: "a list",
    examples: [["{{ [1] is iterable }}", "true"]],
    run: (value) => isList(value),
  },
  { name: "map", description: "a map", examples: [["{{ {'a': 1} is map }}", "true"]], run: (value) => isMap(value) },
  {
    name: "json",
    description: "text that is JSON",
    examples: [["{{ '[1]' is json }}", "true"]],
    run: isJson,
  },
];
