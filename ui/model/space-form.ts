import { stringify } from "yaml";
import { readYaml } from "#flow/read-yaml.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";

// What a namespace says, as the YAML in which people write it.

/** Empty for what says nothing. */
export function yamlOf(value: Json | undefined): string {
  if (value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0))
    return "";
  return stringify(value, { lineWidth: 0 });
}

type Read<T> = { value: T } | { problem: string };

/** Variables: a map, or nothing. */
export function variablesIn(text: string): Read<JsonObject> {
  const read = valueIn(text);
  if ("problem" in read) return read;
  if (read.value === null) return { value: {} };
  return isJsonObject(read.value) ? { value: read.value } : { problem: "Variables are a map: `name: value`." };
}

/** Plugin defaults: a list of maps, or nothing. */
export function defaultsIn(text: string): Read<JsonObject[]> {
  const read = valueIn(text);
  if ("problem" in read) return read;
  if (read.value === null) return { value: [] };
  if (!Array.isArray(read.value)) return { problem: "Plugin defaults are a list: each item has `type` and `values`." };
  const wrong = read.value.findIndex((item) => !isJsonObject(item) || typeof item.type !== "string");
  if (wrong >= 0) return { problem: `Item ${wrong + 1} has no \`type\`.` };
  return { value: read.value.filter(isJsonObject) };
}

/** Names of namespaces, separated by commas, spaces or lines. */
export function namesIn(text: string): { namespace: string }[] {
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  return [...new Set(names)].map((namespace) => ({ namespace }));
}

function valueIn(text: string): Read<Json> {
  const documents = readYaml(text);
  const problem = documents.flatMap(({ problems }) => problems)[0];
  if (problem !== undefined) return { problem: `${problem.message}${problem.at ? ` (line ${problem.at.line})` : ""}` };
  if (documents.filter(({ value }) => value !== null).length > 1) return { problem: "One document, not several." };
  return { value: documents[0]?.value ?? null };
}
