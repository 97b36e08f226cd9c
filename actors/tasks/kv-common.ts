import * as z from "zod";
import { parseDuration } from "#schema/duration.ts";
import type { Json } from "#schema/json.ts";
import { formatInstant, parseDate, parseInstant } from "#schema/time.ts";
import { TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

export const KV_TYPES = ["STRING", "NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON"] as const;
export type KvType = (typeof KV_TYPES)[number];

const KEY = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

export const kvInput = {
  key: dynamic(z.string()).describe("Name of the value"),
  namespace: dynamic(z.string()).describe("Namespace that holds it; the flow's own when left out").optional(),
};

/** Throws a TaskFailure when `key` is not one. */
export function checkKey(key: string): string {
  if (KEY.test(key) && key.length <= 256) return key;
  throw new TaskFailure(
    "Key must start with an alphanumeric character (uppercase or lowercase) and can contain alphanumeric characters (uppercase or lowercase), dots (.), underscores (_), and hyphens (-) only.",
  );
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

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
