import type { Json } from "#schema/json.ts";
import type { Meter } from "../entry.ts";
import { shown } from "../growth.ts";
import { decodeUtf8, encodeUtf8, fromBase64, toBase64 } from "../utf8.ts";
import { JqError } from "./types.ts";
import { described, toText, typeName } from "./values.ts";

const HTML: { [mark: string]: string } = { "<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&#39;", '"': "&quot;" };

function plain(value: Json, meter: Meter): string {
  return typeof value === "string" ? value : toText(value, meter);
}

type Row = { name: string; separator: string; text: (text: string) => string };

function row(value: Json, { name, separator, text }: Row, meter: Meter): string {
  if (!Array.isArray(value)) throw new JqError(`${described(value)} cannot be ${name}-formatted, only an array can be`);
  return value
    .map((item) => {
      if (typeof item === "string") return text(item);
      if (item === null) return "";
      if (typeof item === "object") throw new JqError(`${described(item)} is not valid in a ${name} row`);
      return toText(item, meter);
    })
    .join(separator);
}

function tsvText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\t", "\\t").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
}

function shell(value: Json, meter: Meter): string {
  const items = Array.isArray(value) ? value : [value];
  return items
    .map((item) => {
      if (typeof item === "string") return `'${item.replaceAll("'", "'\\''")}'`;
      if (typeof item === "object" && item !== null) {
        throw new JqError(`${described(item)} can not be escaped for shell`);
      }
      return toText(item, meter);
    })
    .join(" ");
}

function uri(text: string): string {
  const escaped = encodeURIComponent(text.replace(/\p{Cs}/gu, "\uFFFD"));
  return escaped.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

const CSV: Row = { name: "csv", separator: ",", text: (text) => `"${text.replaceAll('"', '""')}"` };
const TSV: Row = { name: "tsv", separator: "\t", text: tsvText };

type Format = (value: Json, meter: Meter) => string;
const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  ["@text", plain],
  ["@json", toText],
  ["@csv", (value, meter) => row(value, CSV, meter)],
  ["@tsv", (value, meter) => row(value, TSV, meter)],
  ["@html", (value, meter) => plain(value, meter).replace(/[<>&'"]/g, (mark) => HTML[mark] ?? mark)],
  ["@uri", (value, meter) => uri(plain(value, meter))],
  ["@sh", shell],
  ["@base64", (value, meter) => toBase64(encodeUtf8(plain(value, meter)))],
  ["@base64d", decodeBase64],
  ["@base32", (value, meter) => toBase32(encodeUtf8(plain(value, meter)))],
  ["@base32d", (value, meter) => fromBase32(plain(value, meter))],
  ["@urid", (value, meter) => decodeUri(plain(value, meter))],
]);

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const digits = (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32.charAt(Number.parseInt(five.padEnd(5, "0"), 2)));
  return digits.join("").padEnd(Math.ceil(bytes.length / 5) * 8, "=");
}

function fromBase32(text: string): string {
  const digits = [...text.replace(/=+$/, "")].map((digit) => BASE32.indexOf(digit));
  if (digits.includes(-1)) throw new JqError(`string (${JSON.stringify(text)}) is not valid base32 data`);
  const bits = digits.map((digit) => digit.toString(2).padStart(5, "0")).join("");
  const bytes = bits.match(/.{8}/g) ?? [];
  return decodeUtf8(Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 2)));
}

function decodeUri(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new JqError(`string (${JSON.stringify(text)}) is not a valid uri encoding`);
  }
}

function decodeBase64(value: Json, meter: Meter): string {
  try {
    return decodeUtf8(fromBase64(plain(value, meter)));
  } catch {
    throw new JqError(`${typeName(value)} (${shown(plain(value, meter))}) is not valid base64 data`);
  }
}

/** The value in a format such as `@csv`. */
export function format(name: string, value: Json, meter: Meter): string {
  const write = FORMATS.get(name);
  if (write === undefined) throw new JqError(`${name.slice(1)} is not a valid format`);
  return write(value, meter);
}
