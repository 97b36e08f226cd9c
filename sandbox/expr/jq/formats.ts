import type { Json } from "#schema/json.ts";
import { decodeUtf8, encodeUtf8, fromBase64, toBase64 } from "../utf8.ts";
import { JqError } from "./types.ts";
import { described, toText, typeName } from "./values.ts";

const HTML: { [mark: string]: string } = { "<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&#39;", '"': "&quot;" };

function plain(value: Json): string {
  return typeof value === "string" ? value : toText(value);
}

function row(value: Json, name: string, separator: string, text: (text: string) => string): string {
  if (!Array.isArray(value)) throw new JqError(`${described(value)} cannot be ${name}-formatted, only an array can be`);
  return value
    .map((item) => {
      if (typeof item === "string") return text(item);
      if (item === null) return "";
      if (typeof item === "object") throw new JqError(`${described(item)} is not valid in a ${name} row`);
      return toText(item);
    })
    .join(separator);
}

function tsvText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

function shell(value: Json): string {
  const items = Array.isArray(value) ? value : [value];
  return items
    .map((item) => {
      if (typeof item === "string") return `'${item.replaceAll("'", "'\\''")}'`;
      if (typeof item === "object" && item !== null) {
        throw new JqError(`${described(item)} can not be escaped for shell`);
      }
      return toText(item);
    })
    .join(" ");
}

function uri(text: string): string {
  const escaped = encodeURIComponent(text.replace(/\p{Cs}/gu, "\uFFFD"));
  return escaped.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

const FORMATS: ReadonlyMap<string, (value: Json) => string> = new Map([
  ["@text", plain],
  ["@json", toText],
  ["@csv", (value: Json) => row(value, "csv", ",", (text) => `"${text.replaceAll('"', '""')}"`)],
  ["@tsv", (value: Json) => row(value, "tsv", "\t", tsvText)],
  ["@html", (value: Json) => plain(value).replace(/[<>&'"]/g, (mark) => HTML[mark] ?? mark)],
  ["@uri", (value: Json) => uri(plain(value))],
  ["@sh", shell],
  ["@base64", (value: Json) => toBase64(encodeUtf8(plain(value)))],
  ["@base64d", decodeBase64],
]);

function decodeBase64(value: Json): string {
  try {
    return decodeUtf8(fromBase64(plain(value)));
  } catch {
    throw new JqError(`${typeName(value)} (${toText(value)}) is not valid base64 data`);
  }
}

/** The value in a format such as `@csv`. */
export function format(name: string, value: Json): string {
  const write = FORMATS.get(name);
  if (write === undefined) throw new JqError(`${name.slice(1)} is not a valid format`);
  return write(value);
}
