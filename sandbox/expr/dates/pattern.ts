import { argumentError } from "../errors.ts";
import { shown } from "../growth.ts";

/** Java's DateTimeFormatter patterns, taken apart: runs of a letter, literal text, optional sections. */
export type PatternPart =
  /** `pad`: the least width, filled with spaces (the letter p before the field). */
  | { kind: "field"; letter: string; count: number; pad: number }
  | { kind: "literal"; text: string }
  | { kind: "optional"; parts: readonly PatternPart[] };

const MAX_PATTERNS = 200;
const MAX_LENGTH = 1000;
/** How often a letter may stand in a row. */
const MOST: ReadonlyMap<string, number> = new Map([
  ...letters("uyYAnN", 19),
  ...letters("S", 9),
  ...letters("GMLQqEecXxZ", 5),
  ...letters("zvO", 4),
  ...letters("D", 3),
  ...letters("dwhKkHmsV", 2),
  ...letters("WFa", 1),
]);
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

function letters(all: string, most: number): [string, number][] {
  return [...all].map((letter) => [letter, most]);
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

function field(reader: Reader, letter: string): Extract<PatternPart, { kind: "field" }> {
  const count = run(reader, letter);
  if (letter === "p") {
    const next = reader.pattern.charAt(reader.at);
    if (!/[A-Za-z]/.test(next)) throw wrong(reader, "the pad letter p must stand before another letter");
    return { ...field(reader, next), pad: count };
  }
  const most = MOST.get(letter);
  if (most === undefined) throw wrong(reader, `the letter ${letter} has no meaning (quote text as in 'T')`);
  if (count > most) throw wrong(reader, `too many pattern letters: ${letter} may stand ${most} times at most`);
  if (letter === "V" && count !== 2) throw wrong(reader, "pattern letter count must be 2: V");
  return { kind: "field", letter, count, pad: 0 };
}

/** How often the letter stands here. */
function run(reader: Reader, letter: string): number {
  const from = reader.at;
  while (reader.pattern[reader.at] === letter) reader.at++;
  return reader.at - from;
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
  return argumentError(`Invalid date pattern '${shown(reader.pattern)}': ${why}.`);
}
