import type { Json } from "#schema/json.ts";
import { JqError, type ValueFunction } from "./types.ts";
import { described, toText, typeName } from "./values.ts";

function text(value: Json | undefined, what: string): string {
  if (typeof value === "string") return value;
  throw new JqError(`${described(value ?? null)} ${what}`);
}

function toNumber(value: Json): Json {
  if (typeof value === "number") return value;
  const digits = text(value, "cannot be parsed as a number");
  if (/^\s*-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(digits)) return Number(digits);
  throw new JqError(`${described(value)} cannot be parsed as a number`);
}

function fromJson(value: Json): Json {
  const source = text(value, "only strings can be parsed");
  try {
    const parsed: Json = JSON.parse(source);
    return parsed;
  } catch (error) {
    throw new JqError(
      `${error instanceof Error ? error.message : "Invalid JSON"} (while parsing '${source.slice(0, 100)}')`,
    );
  }
}

/** Changes the ASCII letters only. */
function ascii(value: Json, pattern: RegExp, change: (letters: string) => string): Json {
  return text(value, "explode input must be a string").replace(pattern, change);
}

function implode(value: Json): Json {
  if (!Array.isArray(value)) throw new JqError("implode input must be an array");
  return value
    .map((point) => {
      const isPoint = typeof point === "number" && Number.isInteger(point) && point >= 0 && point <= 0x10ffff;
      if (!isPoint) throw new JqError("Invalid codepoint literal: implode needs an array of code points");
      return String.fromCodePoint(point);
    })
    .join("");
}

function affix(name: string, has: (value: string, part: string) => boolean): ValueFunction {
  return (input, [part]) => {
    if (typeof input === "string" && typeof part === "string") return has(input, part);
    throw new JqError(`${name}() requires string inputs`);
  };
}

function trimmed(cut: (value: string, part: string) => string): ValueFunction {
  return (input, [part]) => (typeof input === "string" && typeof part === "string" ? cut(input, part) : input);
}

export const TEXTS: readonly [string, ValueFunction][] = [
  ["tostring/0", (input, _args, host) => (typeof input === "string" ? input : toText(input, host))],
  ["tojson/0", (input, _args, host) => toText(input, host)],
  ["fromjson/0", fromJson],
  ["tonumber/0", toNumber],
  ["ascii_downcase/0", (input) => ascii(input, /[A-Z]+/g, (letters) => letters.toLowerCase())],
  ["ascii_upcase/0", (input) => ascii(input, /[a-z]+/g, (letters) => letters.toUpperCase())],
  ["explode/0", (input) => [...text(input, "cannot be exploded")].map((character) => character.codePointAt(0) ?? 0)],
  ["implode/0", implode],
  ["startswith/1", affix("startswith", (value, part) => value.startsWith(part))],
  ["endswith/1", affix("endswith", (value, part) => value.endsWith(part))],
  ["ltrimstr/1", trimmed((value, part) => (value.startsWith(part) ? value.slice(part.length) : value))],
  [
    "rtrimstr/1",
    trimmed((value, part) => (part !== "" && value.endsWith(part) ? value.slice(0, -part.length) : value)),
  ],
  ["trim/0", (input) => text(input, "cannot be trimmed").trim()],
  ["ltrim/0", (input) => text(input, "cannot be trimmed").trimStart()],
  ["rtrim/0", (input) => text(input, "cannot be trimmed").trimEnd()],
  ["toarray/0", (input) => (Array.isArray(input) ? input : [input])],
  [
    "split/1",
    (input, [separator]) => {
      if (typeof input !== "string" || typeof separator !== "string") {
        throw new JqError(`split input and separator must be strings, not ${typeName(input)}`);
      }
      return input === "" ? [] : separator === "" ? [...input] : input.split(separator);
    },
  ],
];
