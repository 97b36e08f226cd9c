import { argumentError } from "../errors.ts";

/** Java's DateTimeFormatter patterns, taken apart: runs of a letter, literal text, optional sections. */
export type PatternPart =
  | { kind: "field"; letter: string; count: number }
  | { kind: "literal"; text: string }
  | { kind: "optional"; parts: readonly PatternPart[] };

const MAX_PATTERNS = 200;
const MAX_LENGTH = 1000;
const LETTERS = "GuyDMLdQqYwWEecFaBhKkHmsSAnNVvzOXxZp";
const patterns = new Map<string, readonly PatternPart[]>();

export function parsePattern(pattern: string): readonly PatternPart[] {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_LENGTH) throw argumentError(`A date pattern may have at most ${MAX_LENGTH} characters.`);
  const reader = { pattern, at: 0 };
  const parts = section(reader, false);
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  patterns.set(pattern, parts);
  return parts;
}

type Reader = { readonly pattern: string; at: number };

function section(reader: Reader, isOptional: boolean): PatternPart[] {
  const parts: PatternPart[] = [];
  while (reader.at < reader.pattern.length) {
    const character = reader.pattern.charAt(reader.at);
    if (character === "]") {
      if (!isOptional) throw wrong(reader, "it has a `]` without `[`");
      reader.at++;
      return parts;
    }
    if (character === "[") {
      reader.at++;
      parts.push({ kind: "optional", parts: section(reader, true) });
    } else parts.push(/[A-Za-z]/.test(character) ? field(reader, character) : literal(reader, character));
  }
  return parts;
}

function field(reader: Reader, letter: string): PatternPart {
  if (!LETTERS.includes(letter)) throw wrong(reader, `the letter ${letter} has no meaning (quote text as in 'T')`);
  let count = 0;
  while (reader.pattern[reader.at] === letter) {
    reader.at++;
    count++;
  }
  return { kind: "field", letter, count };
}

function literal(reader: Reader, character: string): PatternPart {
  if ("{}#".includes(character)) throw wrong(reader, `${character} is reserved (quote it)`);
  reader.at++;
  return { kind: "literal", text: character === "'" ? quoted(reader) : character };
}

/** Text up to the closing quote; two quotes are one. */
function quoted(reader: Reader): string {
  let text = "";
  for (; reader.at < reader.pattern.length; reader.at++) {
    const character = reader.pattern.charAt(reader.at);
    if (character !== "'") text += character;
    else if (reader.pattern[reader.at + 1] === "'") {
      text += "'";
      reader.at++;
    } else {
      reader.at++;
      return text === "" ? "'" : text;
    }
  }
  throw wrong(reader, "a quote is not closed");
}

function wrong(reader: Reader, why: string) {
  return argumentError(`Invalid date pattern '${reader.pattern}': ${why}.`);
}
