import type { KvValue } from "#actors/namespace/namespace-rpc.ts";
import { parseDuration } from "#schema/duration.ts";
import type { Json } from "#schema/json.ts";
import { formatInstant, parseDate, parseInstant } from "#schema/time.ts";

const DURATION = /^-?P[\dTDHMSW.,-]+$/;

/** A value of the key-value store as Kestra types the text of a request; undefined when the text is no value. */
export function parseKvValue(text: string): KvValue | undefined {
  const trimmed = text.trim();
  if (parseDate(trimmed) !== undefined) return { type: "DATE", value: trimmed };
  const instant = parseInstant(trimmed);
  if (instant !== undefined) return { type: "DATETIME", value: formatInstant(instant) };
  if (DURATION.test(trimmed) && parseDuration(trimmed) !== undefined) return { type: "DURATION", value: trimmed };
  try {
    return typedJson(JSON.parse(trimmed));
  } catch {
    return undefined;
  }
}

function typedJson(value: Json): KvValue | undefined {
  if (typeof value === "string") return { type: "STRING", value };
  if (typeof value === "number") return { type: "NUMBER", value };
  if (typeof value === "boolean") return { type: "BOOLEAN", value };
  return value === null ? undefined : { type: "JSON", value };
}
