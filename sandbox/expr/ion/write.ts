import { Decimal } from "../decimal.ts";
import type { Meter } from "../entry.ts";
import { overBudget } from "../errors.ts";
import { Growth } from "../growth.ts";
import { isInteger, isNumber, type Numeric, numberText, toFloat } from "../numbers.ts";
import { isList, mapEntries, type Value } from "../value.ts";

const MAX_NESTING = 512;
const SYMBOL = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
/** Names that mean something else in Ion when they are not quoted. */
const RESERVED = new Set(["null", "true", "false", "nan"]);

/** Ion text on one line: `{k:"v"}`, `[1,2e0]`. */
export function ionText(value: Value, meter: Meter): string {
  return ionPart(value, new Growth(meter), 0);
}

function ionPart(value: Value, growth: Growth, depth: number): string {
  if (depth > MAX_NESTING) throw overBudget("nested lists and maps", MAX_NESTING, "write a part of the value instead.");
  if (value === null) return growth.add("null");
  if (typeof value === "string") return growth.add(ionString(value));
  if (typeof value === "boolean") return growth.add(String(value));
  if (isNumber(value)) return growth.add(ionNumber(value));
  if (isList(value)) return growth.add(`[${value.map((item) => ionPart(item, growth, depth + 1)).join(",")}]`, 2);
  const fields = mapEntries(value).map(
    ([key, item]) => `${growth.add(fieldName(key))}:${ionPart(item, growth, depth + 1)}`,
  );
  return growth.add(`{${fields.join(",")}}`, 2);
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
