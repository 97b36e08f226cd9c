import { parseDecimal } from "../decimal.ts";
import { decimalFormat } from "../decimal-format.ts";
import type { Filter } from "../entry.ts";
import { argumentError, failure, typeError } from "../errors.ts";
import { shown } from "../growth.ts";
import { compareNumbers, double, integer, isNumber } from "../numbers.ts";
import { negate } from "../operators.ts";
import { className, Double, type Value } from "../value.ts";

const INT_MIN = -(2n ** 31n);
const INT_MAX = 2n ** 31n - 1n;
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;
/** Digits that a type holds for certain. */
const FLOAT_DIGITS = 7;
const DOUBLE_DIGITS = 16;
const WHOLE = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function notNumber(text: string): Error {
  return failure(`For input string: "${shown(text)}": this is no number of that type.`);
}

function whole(text: string, from: bigint, to: bigint): Value {
  if (!WHOLE.test(text) || text.length > 1000) throw notNumber(text);
  const value = BigInt(text.replace("+", ""));
  if (value < from || value > to) throw notNumber(text);
  return from === LONG_MIN || from === INT_MIN ? integer(value) : value;
}

function fraction(text: string): number {
  if (!DECIMAL.test(text)) throw notNumber(text);
  return Number(text);
}

function float(text: string): Value {
  return new Double(Math.fround(fraction(text)), "float");
}

function decimal(text: string): Value {
  const value = DECIMAL.test(text) ? parseDecimal(text) : undefined;
  if (value === undefined) throw notNumber(text);
  return value;
}

/** The smallest type that holds the number, as Kestra picks it. */
function smallest(text: string): Value {
  if (WHOLE.test(text) && text.length <= 1000) {
    const value = BigInt(text.replace("+", ""));
    return value >= LONG_MIN && value <= LONG_MAX ? integer(value) : value;
  }
  if (!DECIMAL.test(text)) throw failure(`${shown(text)} is not a valid number.`);
  const value = Number(text);
  const digits = text.replace(/[^\d]/g, "").replace(/^0+/, "").length;
  if (digits > DOUBLE_DIGITS) return decimal(text);
  return digits <= FLOAT_DIGITS ? float(text) : double(value);
}

const TYPES: ReadonlyMap<string, (text: string) => Value> = new Map([
  ["INT", (text: string) => whole(text, INT_MIN, INT_MAX)],
  ["LONG", (text: string) => whole(text, LONG_MIN, LONG_MAX)],
  ["BIGINTEGER", (text: string) => whole(text, -(10n ** 1000n), 10n ** 1000n)],
  ["FLOAT", float],
  ["DOUBLE", (text: string) => double(fraction(text))],
  ["BIGDECIMAL", decimal],
]);

export const NUMBER_FILTERS: readonly Filter[] = [
  {
    name: "number",
    description: "a number from text; without a type the smallest that fits",
    args: [{ name: "type", description: "INT, LONG, FLOAT, DOUBLE, BIGDECIMAL or BIGINTEGER" }],
    examples: [
      ["{{ '12' | number + 1 }}", "13"],
      ["{{ '12' | number('FLOAT') }}", "12.0"],
    ],
    run: (value, args) => {
      if (typeof value !== "string") {
        throw typeError(`'number' filter can only be applied to String. Actual type was: ${className(value)}`);
      }
      const type = args.optionalText("type");
      if (type === undefined) return smallest(value);
      const parse = TYPES.get(type.toUpperCase());
      if (parse === undefined) throw argumentError(`'${type}' is no number type: use ${[...TYPES.keys()].join(", ")}.`);
      return parse(value);
    },
  },
  {
    name: "abs",
    description: "the number without its sign",
    examples: [["{{ -5 | abs }}", "5"]],
    takesNull: true,
    run: (value) => {
      if (!isNumber(value)) throw typeError(`The 'abs' filter expects a number. Actual type was: ${className(value)}`);
      return compareNumbers(value, 0) < 0 ? negate(value) : value;
    },
  },
  {
    name: "numberFormat",
    description: "a number as text in one of Java's decimal patterns",
    args: [{ name: "format", description: "for example #,##0.00" }],
    examples: [["{{ 1234567.891 | numberFormat('#,##0.00') }}", "1,234,567.89"]],
    run: (value, args) => {
      if (!isNumber(value)) {
        throw typeError(
          `The input for the 'NumberFormat' filter has to be a number. Actual type was: ${className(value)}`,
        );
      }
      return decimalFormat(value, args.optionalText("format") ?? "#,##0.###");
    },
  },
  {
    name: "className",
    description: "the name of the value's class in Java, for debugging",
    examples: [["{{ 1.5 | className }}", "java.lang.Double"]],
    run: (value) => className(value),
  },
];
