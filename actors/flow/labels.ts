import { isJsonObject, type PropertyPath } from "#schema/conform.ts";
import type { Label } from "#schema/event.ts";
import type { Json } from "#schema/json.ts";
import type { Reporter } from "./reporter.ts";

/** Labels written as a map, or as a list of `key` and `value`; values become text. What is neither is left out. */
export function toLabels(value: Json | undefined, textAt: (path: PropertyPath) => string | undefined): Label[] {
  const text = (item: Json | undefined, path: PropertyPath) =>
    typeof item === "string" ? item : (textAt(path) ?? (item === undefined ? "" : JSON.stringify(item)));
  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      isJsonObject(item) ? [{ key: text(item.key, [index, "key"]), value: text(item.value, [index, "value"]) }] : [],
    );
  }
  if (!isJsonObject(value)) return [];
  return Object.entries(value).map(([key, item]) => ({ key, value: text(item, [key]) }));
}

/** Reports labels that users may not set. */
export function checkLabels(
  labels: readonly Label[],
  path: PropertyPath,
  allowed: readonly string[],
  reporter: Reporter,
): void {
  for (const { key, value } of labels) {
    if (!key.startsWith("system.") || allowed.includes(key)) continue;
    const message = `System labels can only be set by Kestra itself, offending label: ${key}=${value}`;
    reporter.error("INVALID_VALUE", path, message);
  }
}
