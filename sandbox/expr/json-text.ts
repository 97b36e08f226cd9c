import { failure } from "./errors.ts";
import { integer } from "./numbers.ts";
import { fromOutside, type Value } from "./value.ts";

/** Only such texts can hold an integer that a JSON number of JavaScript cannot. */
const LONG_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;
/** A longer integer stays the double that JavaScript makes of it. */
const MAX_DIGITS = 1_000;

/** The value of JSON text; integers keep all their digits. */
export function parseJson(text: string): Value {
  try {
    return fromOutside(LONG_DIGITS.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text)) ?? null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw failure(`Invalid json: ${describe(text, error)}`);
  }
}

/** `context.source` is the number's own text, where the platform tells it. */
function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  if (!INTEGER.test(source) || source.length > MAX_DIGITS) return value;
  const exact = BigInt(source);
  return BigInt.asIntN(64, exact) === exact ? integer(exact) : exact;
}

/** Names an unquoted key as Kestra does; for anything else the parser's own words do. */
function describe(text: string, error: SyntaxError): string {
  const unquoted = /[{,]\s*([^\s"'}\]{[,:])/.exec(text);
  const key = unquoted?.[1];
  if (key === undefined || !/property name/i.test(error.message)) return error.message;
  return `Unexpected character ('${key}' (code ${key.codePointAt(0)})): was expecting double-quote to start field name`;
}
