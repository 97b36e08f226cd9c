import type { PropertyPath } from "#schema/conform.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { Check } from "#schema/flow.ts";
import { CheckSource } from "#schema/flow-source.ts";
import type { Json } from "#schema/json.ts";
import type { Reporter } from "./reporter.ts";

/** The checks in the list `value` at `path`; those that are wrong are reported and left out. */
export function parseChecks(value: Json | undefined, path: PropertyPath, reporter: Reporter): Check[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reporter.error("INVALID_VALUE", path, "`checks` must be a list");
    return [];
  }
  return value.flatMap((item, index) => parseCheck(item, [...path, index], reporter) ?? []);
}

function parseCheck(item: Json, path: PropertyPath, reporter: Reporter): Check | undefined {
  const parsed = CheckSource.safeParse(reporter.conform(CheckSource, item, path));
  if (!isJsonObject(item)) return undefined;
  const { when, condition } = item;
  if ((when ?? condition ?? null) === null) {
    const message = "`when` is missing: a check needs an expression that must hold";
    reporter.error("MISSING_PROPERTY", path, message);
    return undefined;
  }
  if (!parsed.success) return undefined;
  const { message, style = "INFO", behavior = "BLOCK_EXECUTION" } = parsed.data;
  return { condition: parsed.data.when ?? parsed.data.condition ?? "", message, style, behavior };
}
