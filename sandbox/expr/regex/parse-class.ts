import type { CharTest } from "./ast.ts";
import { among, between, both, either, negated, propertyClass, SHORTHANDS } from "./classes.ts";
import type { PatternReader } from "./reader.ts";

const CONTROLS: { [mark: string]: number } = { n: 10, t: 9, r: 13, f: 12, a: 7, e: 27 };
const MAX_NESTING = 20;

/** The code point of an escape whose letter has been read: `\n`, `\x41`, `\u0041`, or the character itself. */
export function parseEscapedPoint(reader: PatternReader, mark: string): number {
  const control = Object.hasOwn(CONTROLS, mark) ? CONTROLS[mark] : undefined;
  if (control !== undefined) return control;
  const digits =
    mark === "x" || mark === "u" ? reader.match(/\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{4})|([0-9a-fA-F]{2})/y) : null;
  if (digits !== null) {
    const hex = digits[1] ?? digits[2] ?? digits[3] ?? "";
    const point = Number.parseInt(mark === "x" && digits[2] !== undefined ? hex.slice(0, 4) : hex, 16);
    if (point <= 0x10ffff) return point;
  }
  if (mark === "0") return Number.parseInt(reader.match(/[0-7]{1,3}/y)?.[0] ?? "0", 8);
  if (/[a-zA-Z]/.test(mark)) throw reader.wrong(`Illegal/unsupported escape sequence \\${mark}`);
  return mark.codePointAt(0) ?? 0;
}

/** A character class whose `[` has been read: ranges, escapes, `[:alpha:]`, unions and `&&`. */
export function parseClass(reader: PatternReader, depth = 0): CharTest {
  if (depth > MAX_NESTING) throw reader.wrong("its classes nest too deeply");
  const isNegated = reader.skip("^");
  const tests: CharTest[] = [];
  for (let isFirst = true; isFirst || !reader.skip("]"); isFirst = false) {
    if (reader.isDone) throw reader.wrong("Unclosed character class");
    if (reader.skip("&&")) {
      const rest = reader.skip("[") ? intersected(reader, depth) : parseRest(reader, depth);
      const test = both(either(...tests), rest);
      return isNegated ? negated(test) : test;
    }
    tests.push(member(reader, depth));
  }
  const test = either(...tests);
  return isNegated ? negated(test) : test;
}

function intersected(reader: PatternReader, depth: number): CharTest {
  const test = parseClass(reader, depth + 1);
  return reader.skip("]") ? test : both(test, parseRest(reader, depth));
}

function parseRest(reader: PatternReader, depth: number): CharTest {
  return parseClass(reader, depth + 1);
}

function member(reader: PatternReader, depth: number): CharTest {
  const posix = reader.match(/\[:(\^?)(\w+):\]/y);
  if (posix !== null) {
    const test = propertyClass(posix[2] ?? "");
    if (test === undefined) throw reader.wrong(`unknown class [:${posix[2]}:]`);
    return posix[1] === "^" ? negated(test) : test;
  }
  if (reader.skip("[")) return parseClass(reader, depth + 1);
  if (reader.skip("\\Q")) return among(reader.until("\\E"));
  const from = single(reader);
  if (typeof from !== "number") return from;
  if (reader.match(/-(?![\]&[])/y) === null) return between(from, from);
  const to = single(reader);
  if (typeof to !== "number" || to < from) throw reader.wrong("Illegal character range");
  return between(from, to);
}

/** One character, or the test of a shorthand such as `\d`. */
function single(reader: PatternReader): number | CharTest {
  const character = reader.next();
  if (character !== "\\") return character.codePointAt(0) ?? 0;
  const mark = reader.next();
  const shorthand = SHORTHANDS.get(mark);
  if (shorthand !== undefined) return shorthand;
  if (mark === "b") return 8;
  if (mark !== "p" && mark !== "P") return parseEscapedPoint(reader, mark);
  const name = reader.skip("{") ? reader.until("}") : reader.next();
  const test = propertyClass(name);
  if (test === undefined) throw reader.wrong(`Unknown character property name {${name}}`);
  return mark === "p" ? test : negated(test);
}
