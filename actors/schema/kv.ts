import { parseDuration } from "./duration.ts";
import type { Json } from "./json.ts";
import { formatInstant, parseDate, parseInstant } from "./time.ts";

// The values of the key-value store and their types.

export const KV_TYPES = ["STRING", "NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON"] as const;
export type KvType = (typeof KV_TYPES)[number];
export type KvValue = { type: KvType; value: Json };

const KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
const MAX_KEY_CHARACTERS = 256;
const DURATION = /^-?P[\dTDHMSW.,-]+$/;

/** What is wrong with a key, as a sentence; undefined when nothing is. */
export function kvKeyProblem(key: string): string | undefined {
  if (KEY.test(key))
    return key.length <= MAX_KEY_CHARACTERS ? undefined : `A key has at most ${MAX_KEY_CHARACTERS} characters.`;
  const hint = key.includes("{{") ? " An expression is not rendered here: write the key itself." : "";
  return `Key must start with an alphanumeric character (uppercase or lowercase) and can contain alphanumeric characters (uppercase or lowercase), dots (.), underscores (_), and hyphens (-) only.${hint}`;
}

/** The type that a value has by itself. */
export function kvTypeOf(value: Json): KvType {
  if (typeof value === "string") return "STRING";
  if (typeof value === "number") return "NUMBER";
  return typeof value === "boolean" ? "BOOLEAN" : "JSON";
}

/** A text as a value of `type`; undefined when it is none. */
export function parseKv(text: string, type: KvType): Json | undefined {
  switch (type) {
    case "STRING":
      return text;
    case "NUMBER":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case "BOOLEAN":
      return /^(true|false)$/i.test(text.trim()) ? text.trim().toLowerCase() === "true" : undefined;
    case "DATETIME": {
      const at = parseInstant(text);
      return at === undefined ? undefined : formatInstant(at);
    }
    case "DATE":
      return parseDate(text.slice(0, 10)) === undefined ? undefined : text.slice(0, 10);
    case "DURATION":
      return parseDuration(text) === undefined ? undefined : text.trim();
    case "JSON":
      return parseJson(text);
  }
}

/** A value as the text of a request says it: quoted it is a STRING; undefined when the text is no value. */
export function kvValueIn(text: string): KvValue | undefined {
  const trimmed = text.trim();
  if (parseDate(trimmed) !== undefined) return { type: "DATE", value: trimmed };
  const instant = parseInstant(trimmed);
  if (instant !== undefined) return { type: "DATETIME", value: formatInstant(instant) };
  if (DURATION.test(trimmed) && parseDuration(trimmed) !== undefined) return { type: "DURATION", value: trimmed };
  const value = parseJson(trimmed);
  return value === undefined || value === null ? undefined : { type: kvTypeOf(value), value };
}

/** The text of a request that `kvValueIn` reads as this value. */
export function kvText({ type, value }: KvValue): string {
  return type === "DATE" || type === "DATETIME" || type === "DURATION" ? String(value) : JSON.stringify(value);
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
