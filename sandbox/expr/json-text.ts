import { failure } from "./errors.ts";
import { fromOutside, type Value } from "./value.ts";

/** The value of JSON text. Integers beyond 2^53 lose their last digits. */
export function parseJson(text: string): Value {
  try {
    return fromOutside(JSON.parse(text)) ?? null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw failure(`Invalid json: ${describe(text, error)}`);
  }
}

/** Names an unquoted key as Kestra does; for anything else the parser's own words do. */
function describe(text: string, error: SyntaxError): string {
  const unquoted = /[{,]\s*([^\s"'}\]{[,:])/.exec(text);
  const key = unquoted?.[1];
  if (key === undefined || !/property name/i.test(error.message)) return error.message;
  return `Unexpected character ('${key}' (code ${key.codePointAt(0)})): was expecting double-quote to start field name`;
}
