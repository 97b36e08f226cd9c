import type { Expansion } from "#schema/event.ts";
import type { Json } from "#schema/json.ts";
import { nested } from "./property.ts";

/** Branches that every flowable may have. */
export const nestedBranches = {
  errors: nested("tasks").describe("Run when one of its tasks has failed"),
  finally: nested("tasks").describe("Run at its end, whatever happened"),
};

/** An expansion that fails the task with `message`. */
export function failed(message: string): { expansion: Expansion } {
  return { expansion: { kind: "nothing", state: "FAILED", message } };
}

/** The distinct values of an iteration as texts, in order of first occurrence; `message` when `value` is no list of values. */
export function eachValues(value: Json): { values: string[] } | { message: string } {
  const list = typeof value === "string" ? parseList(value) : value;
  if (!Array.isArray(list)) {
    const shown = typeof value === "string" ? value : JSON.stringify(value);
    return { message: `The values must be a list or the JSON text of one, but are: ${shown.slice(0, 200)}` };
  }
  const nulls = list.filter((item) => item === null).length;
  if (nulls > 0) {
    return { message: `Found '${nulls}' null values on Each, with values=${JSON.stringify(list).slice(0, 500)}` };
  }
  return { values: [...new Set(list.map((item) => (typeof item === "string" ? item : JSON.stringify(item))))] };
}

function parseList(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
