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
  | "stored"
  /** A secret text to be encrypted, and the text of one that is: asked for by inputs and outputs, never by a function. */
  | "seal"
  | "unseal";
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

/** Asks for a text to be encrypted; the answer is the sealed value. */
export function sealLookup(text: string): Lookup {
  return { kind: "seal", args: { text } };
}

/** Asks for the text of a sealed value. */
export function unsealLookup(cipher: string): Lookup {
  return { kind: "unseal", args: { cipher } };
}
