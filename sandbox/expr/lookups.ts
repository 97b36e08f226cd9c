import type { Json, JsonObject } from "#schema/json.ts";

/**
 * What an expression asks of the outside world. The host answers and renders again; the same answers give the same text.
 * An answer of null means "there is none"; each function says what that is for it.
 */
export type LookupKind =
  | "kv"
  | "secret"
  | "read"
  | "fileSize"
  | "fileExists"
  | "fileEmpty"
  | "http"
  | "errorLogs"
  | "encrypt"
  | "decrypt"
  | "isPublicHoliday"
  | "appLink"
  /** An output that was moved into a file: asked for by the value itself, never by a function. */
  | "stored";
export type Lookup = { kind: LookupKind; args: JsonObject };
export type LookupAnswer = { ok: true; value: Json } | { ok: false; message: string };

/** One text for equal look-ups, whatever the order of their arguments. */
export function lookupKey(lookup: Lookup): string {
  return `${lookup.kind}:${canonical(lookup.args)}`;
}

function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`).join(",")}}`;
}
