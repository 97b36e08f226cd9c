import { ExprError, typeError } from "./errors.ts";
import { type Arithmetic, arithmetic, compareNumbers, integer, isInteger, isNumber, type Numeric } from "./numbers.ts";
import type { Run } from "./run.ts";
import { javaText } from "./text.ts";
import { className, isList, isMap, mapEntries, mapGet, mapKeys, shortClassName, type Value } from "./value.ts";

export type BinaryOperator = (left: Value, right: Value, run: Run) => Value;

/** Equality: numbers by value whatever their type, lists and maps by their contents. */
export function isEqual(left: Value, right: Value, run: Run): boolean {
  run.step();
  if (left === right) return true;
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right) === 0;
  if (left === null || right === null || typeof left !== "object" || typeof right !== "object") return false;
  return run.nested(() => {
    if (isList(left) && isList(right)) {
      return left.length === right.length && left.every((item, i) => isEqual(item, right[i] ?? null, run));
    }
    if (!isMap(left) || !isMap(right)) return false;
    const entries = mapEntries(left);
    if (entries.length !== mapKeys(right).length) return false;
    return entries.every(([key, value]) => {
      const other = mapGet(right, key);
      return other !== undefined && isEqual(value, other, run);
    });
  });
}

/** Natural order of two numbers, texts or booleans; null when they have none. */
export function compareValues(left: Value, right: Value): number | null {
  if (isNumber(left) && isNumber(right)) return compareNumbers(left, right);
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  return null;
}

function ordering(name: string, holds: (order: number) => boolean): BinaryOperator {
  return (left, right) => {
    if (left === null || right === null) return false;
    const order = typeof left === "boolean" ? null : compareValues(left, right);
    if (order !== null) return holds(order);
    throw typeError(
      `Could not perform ${name} comparison between ${className(left)} and ${className(right)}: ` +
        "compare two numbers or two texts (`text | number` makes a number).",
    );
  };
}

function numeric(op: Arithmetic, name: string): BinaryOperator {
  return (left, right) => {
    if (isNumber(left) && isNumber(right)) {
      try {
        return arithmetic(op, left, right);
      } catch (error) {
        throw error instanceof ExprError
          ? new ExprError(error.code, `Could not perform ${name}: ${error.message}`)
          : error;
      }
    }
    throw typeError(
      `Could not perform ${name} on ${className(left)} and ${className(right)}: both sides must be numbers.`,
    );
  };
}

const addNumbers = numeric("+", "addition");

function add(left: Value, right: Value, run: Run): Value {
  if (isNumber(left) && isNumber(right)) return arithmetic("+", left, right);
  if (typeof left === "string" || typeof right === "string") {
    return joined([javaText(left, run), javaText(right, run)], run);
  }
  if (isList(left)) {
    run.step(left.length);
    return isList(right) ? [...left, ...right] : [...left, right];
  }
  return addNumbers(left, right, run);
}

function joined(texts: readonly [string, string], run: Run): string {
  const length = texts[0].length + texts[1].length;
  run.size(length);
  run.step(length >> 10);
  return texts[0] + texts[1];
}

function concatenate(left: Value, right: Value, run: Run): Value {
  const textOf = (side: Value) => (side === null ? "" : javaText(side, run));
  return joined([textOf(left), textOf(right)], run);
}

function contains(left: Value, right: Value, run: Run): boolean {
  if (left === null) return false;
  if (typeof left === "string") {
    run.step(left.length >> 8);
    return left.includes(run.print(right));
  }
  if (isList(left)) {
    const has = (wanted: Value) => left.some((item) => isEqual(item, wanted, run));
    return isList(right) ? right.every(has) : has(right);
  }
  if (isMap(left)) return right !== null && mapGet(left, run.print(right)) !== undefined;
  throw typeError(
    `Contains operator can only be used on Collections, Maps and arrays. Actual type was: ${className(left)}`,
  );
}

/** The inclusive list from `start` to `end` of integers or one-letter texts. */
export function rangeOf(start: Value, end: Value, increment: number, run: { step(count: number): void }): Value[] {
  const isText = typeof start === "string" && typeof end === "string" && start.length === 1 && end.length === 1;
  const from = isText ? start.charCodeAt(0) : bound(start);
  const to = isText ? end.charCodeAt(0) : bound(end);
  if (increment === 0) throw typeError("The increment of a range cannot be 0.");
  const items: Value[] = [];
  for (let i = from; increment > 0 ? i <= to : i >= to; i += increment) {
    run.step(2);
    items.push(isText ? String.fromCharCode(i) : i);
  }
  return items;
}

function bound(value: Value): number {
  if (isInteger(value) && Number.isSafeInteger(Number(value))) return Number(value);
  throw typeError(
    `Arguments of range function must be of type Number or String with a length of 1: ${className(value)}`,
  );
}

const equals: BinaryOperator = (left, right, run) => isEqual(left, right, run);

/** The operators that evaluate both sides; `and`, `or`, `??` and `???` are the evaluator's own. */
export const BINARY: ReadonlyMap<string, BinaryOperator> = new Map<string, BinaryOperator>([
  ["+", add],
  ["-", numeric("-", "subtraction")],
  ["*", numeric("*", "multiplication")],
  ["/", numeric("/", "division")],
  ["%", numeric("%", "modulus")],
  ["~", concatenate],
  ["..", (left, right, run) => rangeOf(left, right, 1, run)],
  ["==", equals],
  ["equals", equals],
  ["!=", (left, right, run) => !isEqual(left, right, run)],
  [">", ordering("greater than", (order) => order > 0)],
  ["<", ordering("less than", (order) => order < 0)],
  [">=", ordering("greater than or equals", (order) => order >= 0)],
  ["<=", ordering("less than or equals", (order) => order <= 0)],
  ["contains", contains],
  ["in", (left, right, run) => contains(right, left, run)],
  ["not in", (left, right, run) => !contains(right, left, run)],
]);

/** What Pebble calls the computation when a side of it fails. */
export const ARITHMETIC_NAMES: ReadonlyMap<string, string> = new Map([
  ["-", "subtraction"],
  ["*", "multiplication"],
  ["/", "division"],
  ["%", "modulus"],
]);

/** Truth of a condition: boolean, number (0 is false) or text (empty is false); undefined for anything else. */
export function truthOf(value: Value): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value === "string") return value !== "";
  if (isNumber(value)) return compareNumbers(value, 0) !== 0;
  return undefined;
}

/** A side of `and`/`or`. */
export function operandTruth(value: Value, operator: string): boolean {
  const truth = truthOf(value);
  if (truth !== undefined) return truth;
  if (value === null) throw typeError(`null value used in ${operator} operator and strict variables is set to true`);
  throw typeError(
    `Unsupported value type ${shortClassName(value)} in "${operator}". Expected Boolean, String, Number.`,
  );
}

export function not(value: Value): boolean {
  const truth = truthOf(value);
  if (truth !== undefined) return !truth;
  if (value === null) throw typeError("null value given to not() and strict variables is set to true");
  throw typeError(
    `Unsupported value type ${shortClassName(value)}. Expected Boolean, String, Number in "if" statement`,
  );
}

export function plus(value: Value): Numeric {
  if (!isNumber(value)) throw typeError(`Could not perform plus on ${className(value)}: it must be a number.`);
  return value;
}

export function negate(value: Value): Numeric {
  if (!isNumber(value)) throw typeError(`Could not perform negation on ${className(value)}: it must be a number.`);
  return isInteger(value) ? integer(-BigInt(value)) : arithmetic("*", value, -1);
}
