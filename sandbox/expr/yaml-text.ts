import { parseDocument, stringify } from "yaml";
import type { Meter } from "./entry.ts";
import { failure } from "./errors.ts";
import { Growth } from "./growth.ts";
import { isNumber, numberText } from "./numbers.ts";
import { fromOutside, isList, isMap, mapEntries, type Value } from "./value.ts";

const MAX_NESTING = 64;

/**
 * YAML as Kestra's writer lays it out: lists are indented by one space, maps by two, nulls are kept, text is plain
 * where it can be and double-quoted where it must be.
 */
export function yamlText(value: Value, meter: Meter): string {
  return new YamlWriter(meter).document(value);
}

class YamlWriter {
  private readonly growth: Growth;

  constructor(meter: Meter) {
    this.growth = new Growth(meter);
  }

  document(value: Value): string {
    const lines = isList(value) || (value !== null && isMap(value)) ? this.block(value, 0) : null;
    return lines === null ? `${this.scalar(value)}\n` : `${lines.join("\n")}\n`;
  }

  /** Lines of a list or map without outer indentation; null when it is written in one piece (`[]`, `{}`, a scalar). */
  private block(value: Value, depth: number): string[] | null {
    if (depth > MAX_NESTING) throw failure(`The value nests deeper than ${MAX_NESTING} levels: write a part of it.`);
    if (isList(value)) return value.length === 0 ? null : value.flatMap((item) => this.listItem(item, depth));
    if (value === null || !isMap(value)) return null;
    const entries = mapEntries(value);
    return entries.length === 0 ? null : entries.flatMap(([key, item]) => this.mapEntry(key, item, depth));
  }

  private listItem(item: Value, depth: number): string[] {
    const inner = this.block(item, depth + 1);
    if (inner === null) return this.multiLine(" - ", item, "   ");
    const [first = "", ...rest] = inner;
    return [
      ` - ${first.replace(/^ /, isList(item) ? "" : " ")}`,
      ...rest.map((line) => this.growth.add("   ", 3) + line),
    ];
  }

  private mapEntry(key: string, item: Value, depth: number): string[] {
    const inner = this.block(item, depth + 1);
    const name = this.growth.add(plainOrQuoted(key));
    if (inner === null) return this.multiLine(`${name}: `, item, "  ");
    const indent = isList(item) ? "" : "  ";
    return [`${name}:`, ...inner.map((line) => this.growth.add(indent) + line)];
  }

  /** A text with line breaks becomes a literal block. */
  private multiLine(start: string, item: Value, indent: string): string[] {
    if (typeof item !== "string" || !/^\S[^\n]*\n/.test(item) || /[^\P{C}\n\t]/u.test(item))
      return [start + this.scalar(item)];
    const chomping = item.endsWith("\n\n") ? "|+" : item.endsWith("\n") ? "|" : "|-";
    const lines = (item.endsWith("\n") ? item.slice(0, -1) : item).split("\n");
    return [start + chomping, ...lines.map((line) => this.growth.add(line === "" ? "" : indent + line))];
  }

  private scalar(value: Value): string {
    return this.growth.add(scalarText(value));
  }
}

function scalarText(value: Value): string {
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
  try {
    return fromOutside(document.toJS({ maxAliasCount: 100 })) ?? null;
  } catch (error) {
    if (error instanceof ReferenceError) throw failure(`Invalid yaml: ${error.message}`);
    throw error;
  }
}
