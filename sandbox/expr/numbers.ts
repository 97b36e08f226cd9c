import { ExprError } from "./errors.ts";
import { Double, type Value } from "./value.ts";

export type Numeric = number | bigint | Double;

const LONG_LIMIT = 2 ** 63;

export function isNumber(value: Value): value is Numeric {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Double;
}

/** True for Java's integers (int and long). */
export function isInteger(value: Value): value is number | bigint {
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < LONG_LIMIT;
  return typeof value === "bigint";
}

export function toFloat(value: Numeric): number {
  return value instanceof Double ? value.value : Number(value);
}

/** A 64-bit integer, wrapped round as Java's long, in its cheapest form. */
export function integer(value: bigint): number | bigint {
  const wrapped = BigInt.asIntN(64, value);
  const small = Number(wrapped);
  return Number.isSafeInteger(small) ? small : wrapped;
}

/** A double; one without a fraction keeps its `.0`. */
export function double(value: number): number | Double {
  return Number.isFinite(value) && !Number.isInteger(value) ? value : new Double(value);
}

export type Arithmetic = "+" | "-" | "*" | "/" | "%";

/** Java's arithmetic: integers stay integers and divide with truncation, anything else is computed in doubles. */
export function arithmetic(op: Arithmetic, left: Numeric, right: Numeric): Numeric {
  if (isInteger(left) && isInteger(right)) return integerArithmetic(op, left, right);
  const result = floatArithmetic(op, toFloat(left), toFloat(right));
  if ([left, right].some((side) => side instanceof Double && side.kind === "decimal")) {
    return new Double(result, "decimal");
  }
  return double(result);
}

function integerArithmetic(op: Arithmetic, left: number | bigint, right: number | bigint): number | bigint {
  if ((op === "/" || op === "%") && Number(right) === 0) throw new ExprError("EXPR_FAILED", "/ by zero");
  if (typeof left === "number" && typeof right === "number") {
    const small = op === "/" ? Math.trunc(left / right) : floatArithmetic(op, left, right);
    if (Number.isSafeInteger(small) && Number.isSafeInteger(left) && Number.isSafeInteger(right)) return small + 0;
  }
  const a = BigInt(left);
  const b = BigInt(right);
  switch (op) {
    case "+":
      return integer(a + b);
    case "-":
      return integer(a - b);
    case "*":
      return integer(a * b);
    case "/":
      return integer(a / b);
    case "%":
      return integer(a % b);
  }
}

function floatArithmetic(op: Arithmetic, left: number, right: number): number {
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
  }
}

/** Below zero, zero or above zero, by value whatever the types; NaN is above everything, as in Java. */
export function compareNumbers(left: Numeric, right: Numeric): number {
  if (typeof left === "bigint" && typeof right === "bigint") return left < right ? -1 : left > right ? 1 : 0;
  const a = left instanceof Double ? left.value : left;
  const b = right instanceof Double ? right.value : right;
  if (a < b) return -1;
  if (a > b) return 1;
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number are compared by value on purpose
  if (a == b) return 0;
  return Number.isNaN(Number(a)) ? (Number.isNaN(Number(b)) ? 0 : 1) : -1;
}

/** The text Java prints for a number: `5`, `1.5`, `12.0`, `1.0E10`. */
export function numberText(value: Numeric): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") {
    if (!Number.isInteger(value)) return doubleText(value, value.toString());
    return Math.abs(value) < LONG_LIMIT ? integerText(value) : doubleText(value, value.toString());
  }
  if (value.kind === "decimal") return value.value.toString();
  return doubleText(value.value, value.kind === "float" ? floatDigits(value.value) : value.value.toString());
}

function integerText(value: number): string {
  return Number.isSafeInteger(value) ? (value + 0).toString() : BigInt(value).toString();
}

/** The shortest digits that still mean this 32-bit float. */
function floatDigits(value: number): string {
  for (let precision = 1; precision < 10; precision++) {
    const text = value.toPrecision(precision);
    if (Math.fround(Number(text)) === value) return Number(text).toString();
  }
  return value.toString();
}

/** Digits of JavaScript, laid out as Java does: plain from 0.001 up to 10 million, else with an exponent. */
function doubleText(value: number, digits: string): string {
  if (!Number.isFinite(value)) return digits;
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [mantissa = "", exponentText = "0"] = digits.replace(/^-/, "").split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = (whole + fraction).replace(/^0+/, "");
  const leadingZeros = (whole + fraction).length - all.length;
  const exponent = Number(exponentText) + whole.length - leadingZeros - 1;
  const significant = all.replace(/0+$/, "") || "0";
  const sign = value < 0 ? "-" : "";
  if (exponent < -3 || exponent >= 7) {
    return `${sign}${significant[0]}.${significant.slice(1) || "0"}E${exponent}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${significant}`;
  const padded = significant.padEnd(exponent + 1, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1) || "0"}`;
}
