import type { CharTest } from "./ast.ts";

export function among(characters: string): CharTest {
  const points = new Set([...characters].map((character) => character.codePointAt(0)));
  return (point) => points.has(point);
}
export function between(from: number, to: number): CharTest {
  return (point) => point >= from && point <= to;
}
export function either(...tests: readonly CharTest[]): CharTest {
  return (point) => tests.some((test) => test(point));
}
export function both(left: CharTest, right: CharTest): CharTest {
  return (point) => left(point) && right(point);
}
export function negated(test: CharTest): CharTest {
  return (point) => !test(point);
}

/** The test for either case of a letter. */
export function caseless(test: CharTest): CharTest {
  return (point) => {
    if (test(point)) return true;
    const text = String.fromCodePoint(point);
    const lower = text.toLowerCase();
    const upper = text.toUpperCase();
    return (
      (lower !== text && test(lower.codePointAt(0) ?? point)) || (upper !== text && test(upper.codePointAt(0) ?? point))
    );
  };
}

const isDigit = between(48, 57);
const isLetter = either(between(65, 90), between(97, 122));
const isWord = either(isDigit, isLetter, among("_"));
const isSpace = among(" \t\n\v\f\r");
const isHorizontal = among(
  " \t\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
);
const isVertical = among("\n\v\f\r\u0085\u2028\u2029");

export function isWordAt(text: string, at: number): boolean {
  const point = text.codePointAt(at);
  return at >= 0 && point !== undefined && isWord(point);
}

/** Line ends that `.` does not match. */
export const isLineEnd = among("\n\r\u0085\u2028\u2029");

/** `\d`, `\W` and their like. */
export const SHORTHANDS: ReadonlyMap<string, CharTest> = new Map([
  ["d", isDigit],
  ["D", negated(isDigit)],
  ["w", isWord],
  ["W", negated(isWord)],
  ["s", isSpace],
  ["S", negated(isSpace)],
  ["h", isHorizontal],
  ["H", negated(isHorizontal)],
  ["v", isVertical],
  ["V", negated(isVertical)],
]);

const POSIX: ReadonlyMap<string, CharTest> = new Map([
  ["Lower", between(97, 122)],
  ["Upper", between(65, 90)],
  ["ASCII", between(0, 127)],
  ["Alpha", isLetter],
  ["Digit", isDigit],
  ["Alnum", either(isLetter, isDigit)],
  ["Punct", among("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")],
  ["Graph", between(33, 126)],
  ["Print", between(32, 126)],
  ["Blank", among(" \t")],
  ["Cntrl", either(between(0, 31), between(127, 127))],
  ["XDigit", either(isDigit, between(65, 70), between(97, 102))],
  ["Space", isSpace],
]);

/** `\p{name}`, and `[:name:]` in lower case; undefined for an unknown name. */
export function propertyClass(name: string): CharTest | undefined {
  const posix = POSIX.get(name) ?? POSIX.get(name.charAt(0).toUpperCase() + name.slice(1));
  if (posix !== undefined) return posix;
  if (name === "word") return isWord;
  const bare = name.replace(/^Is/, "").replace(/^(general_category|gc)=/, "");
  for (const property of [bare, `Script=${bare}`, name]) {
    if (!/^[\w=]+$/.test(property)) continue;
    try {
      const pattern = new RegExp(`^\\p{${property}}$`, "u");
      return (point) => pattern.test(String.fromCodePoint(point));
    } catch {
      // not a property of Unicode: the next spelling
    }
  }
  return undefined;
}
