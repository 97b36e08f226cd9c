import { Decimal } from "../decimal.ts";
import { overBudget } from "../errors.ts";
import { isInteger, isNumber, type Numeric, numberText, toFloat } from "../numbers.ts";
import { isList, mapEntries, type Value } from "../value.ts";

const MAX_NESTING = 512;
const SYMBOL = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
/** Names that mean something else in Ion when they are not quoted. */
const RESERVED = new Set(["null", "true", "false", "nan"]);

/** Ion text on one line: `{k:"v"}`, `[1,2e0]`. */
export function ionText(value: Value, depth = 0): string {
  if (depth > MAX_NESTING) throw overBudget("nested lists and maps", MAX_NESTING, "write a part of the value instead.");
  if (value === null) return "null";
  if (typeof value === "string") return ionString(value);
  if (typeof value === "boolean") return String(value);
  if (isNumber(value)) return ionNumber(value);
  if (isList(value)) return `[${value.map((item) => ionText(item, depth + 1)).join(",")}]`;
  return `{${mapEntries(value)
    .map(([key, item]) => `${fieldName(key)}:${ionText(item, depth + 1)}`)
    .join(",")}}`;
}

function ionNumber(value: Numeric): string {
  if (isInteger(value)) return numberText(value);
  const float = toFloat(value);
  if (Number.isNaN(float)) return "nan";
  if (!Number.isFinite(float)) return float > 0 ? "+inf" : "-inf";
  if (value instanceof Decimal) return decimalText(value);
  const text = String(float);
  return text.includes("e") ? text.replace("e+", "e") : `${text}e0`;
}

/** With a point or a `d`, so that it is no integer: `12.`, `1d3`. */
function decimalText(value: Decimal): string {
  const text = value.toString().replace(/E\+?/, "d");
  return /[.d]/.test(text) ? text : `${text}.`;
}

function fieldName(key: string): string {
  if (SYMBOL.test(key) && !RESERVED.has(key)) return key;
  return `'${escaped(key).replaceAll("'", "\\'").replaceAll('\\"', '"')}'`;
}

function ionString(text: string): string {
  return `"${escaped(text)}"`;
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll("\\u00", "\\x");
}
