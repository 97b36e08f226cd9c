import { KV_TYPES, type KvType, type KvValue, kvKeyProblem, kvText, parseKv } from "#schema/kv.ts";
import { parseInstant } from "#schema/time.ts";

// The form in which a value of the key-value store is written.

export { KV_TYPES, type KvType };

/** Times to live that the form offers, as ISO durations; an empty one is for ever. */
export const TTL_CHOICES = [
  { ttl: "", label: "For ever" },
  { ttl: "PT1H", label: "1 hour" },
  { ttl: "P1D", label: "1 day" },
  { ttl: "P7D", label: "7 days" },
  { ttl: "P30D", label: "30 days" },
  { ttl: "P365D", label: "365 days" },
] as const;

/** The time from now to an ISO instant as a duration, a second at least; none for no instant. */
export function ttlUntil(at: string | undefined, nowMs: number): string {
  const until = at === undefined ? undefined : parseInstant(at);
  return until === undefined ? "" : `PT${Math.max(1, Math.round((until - nowMs) / 1_000))}S`;
}

/** What a field of the type asks for. */
export const KV_HINTS: Readonly<Record<KvType, string>> = {
  STRING: "Any text",
  NUMBER: "42 or 4.5",
  BOOLEAN: "true or false",
  DATETIME: "2026-01-31T08:00:00Z",
  DATE: "2026-01-31",
  DURATION: "PT5M or P1DT2H",
  JSON: '{"name": "value"}',
};

/** What the field shows of a value. */
export function fieldText({ type, value }: KvValue): string {
  if (type === "JSON") return JSON.stringify(value, null, 2);
  return typeof value === "string" ? value : String(value);
}

/** The body of the request that stores what was written; or what is wrong with it. */
export function kvBody(type: KvType, text: string): { body: string } | { problem: string } {
  const value = parseKv(text, type);
  if (value === undefined || value === null)
    return { problem: `This is no ${type.toLowerCase()}: write it as ${KV_HINTS[type]}` };
  // A text that JSON takes for another type is said to be JSON by the address of the request.
  return { body: type === "JSON" ? text : kvText({ type, value }) };
}

export const keyProblem = kvKeyProblem;
