import { parseDocument, stringify } from "yaml";
import { failure } from "./errors.ts";
import { isNumber, numberText } from "./numbers.ts";
import { fromOutside, isList, isMap, mapEntries, type Value } from "./value.ts";

const MAX_NESTING = 64;

/**
 * YAML as Kestra's writer lays it out: lists are indented by one space, maps by two, nulls are kept, text is plain
 * where it can be and double-quoted where it must be.
 */
export function yamlText(value: Value): string {
  const lines = isList(value) || (value !== null && isMap(value)) ? block(value, 0) : null;
  return lines === null ? `${scalar(value)}\n` : `${lines.join("\n")}\n`;
}

/** Lines of a list or map without outer indentation; null when it is written in one piece (`[]`, `{}`, a scalar). */
function block(value: Value, depth: number): string[] | null {
  if (depth > MAX_NESTING) throw failure(`The value nests deeper than ${MAX_NESTING} levels: write a part of it.`);
  if (isList(value)) return value.length === 0 ? null : value.flatMap((item) => listItem(item, depth));
  if (value === null || !isMap(value)) return null;
  const entries = mapEntries(value);
  return entries.length === 0 ? null : entries.flatMap(([key, item]) => mapEntry(key, item, depth));
}

function listItem(item: Value, depth: number): string[] {
  const inner = block(item, depth + 1);
  if (inner === null) return multiLine(" - ", item, "   ");
  const [first = "", ...rest] = inner;
  return [` - ${first.replace(/^ /, isList(item) ? "" : " ")}`, ...rest.map((line) => `   ${line}`)];
}

function mapEntry(key: string, item: Value, depth: number): string[] {
  const inner = block(item, depth + 1);
  if (inner === null) return multiLine(`${plainOrQuoted(key)}: `, item, "  ");
  const indent = isList(item) ? "" : "  ";
  return [`${plainOrQuoted(key)}:`, ...inner.map((line) => indent + line)];
}

/** A text with line breaks becomes a literal block. */
function multiLine(start: string, item: Value, indent: string): string[] {
  if (typeof item !== "string" || !/^\S[^\n]*\n/.test(item) || /[^\P{C}\n\t]/u.test(item))
    return [start + scalar(item)];
  const chomping = item.endsWith("\n\n") ? "|+" : item.endsWith("\n") ? "|" : "|-";
  const lines = (item.endsWith("\n") ? item.slice(0, -1) : item).split("\n");
  return [start + chomping, ...lines.map((line) => (line === "" ? "" : indent + line))];
}

function scalar(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "string") return plainOrQuoted(value);
  if (typeof value === "boolean") return String(value);
  if (isNumber(value)) return numberText(value);
  return isList(value) ? "[]" : "{}";
}

const PLAIN = /^[A-Za-z_](?:[\w./ -]*[\w./-])?$/;
/** Words that YAML 1.1 takes for something else than text. */
const RESERVED = /^(true|false|yes|no|on|off|y|n|null)$/i;

function plainOrQuoted(text: string): string {
  if (PLAIN.test(text) && !RESERVED.test(text)) return text;
  return stringify(text, {
    lineWidth: 0,
    defaultStringType: "PLAIN",
    defaultKeyType: "PLAIN",
    blockQuote: false,
    version: "1.1",
  }).replace(/\n$/, "");
}

/** The value of YAML text. */
export function parseYaml(text: string): Value {
  const document = parseDocument(text, { prettyErrors: false, logLevel: "silent" });
  const [problem] = document.errors;
  if (problem !== undefined) throw failure(`Invalid yaml: ${problem.message}`);
  return fromOutside(document.toJS({ maxAliasCount: 100 })) ?? null;
}
