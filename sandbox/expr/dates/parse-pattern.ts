import { failure } from "../errors.ts";
import { shown } from "../growth.ts";
import type { Fields } from "./fields.ts";
import { dayNames, eraNames, halfDayNames, monthNames, type NameStyle } from "./names.ts";
import { type PatternPart, parsePattern } from "./pattern.ts";

/** Reads text by one of Java's patterns. Throws an ExprError that names the place where it does not fit. */
export function parseByPattern(text: string, pattern: string, locale: string): Fields {
  const reader = new PatternReader(text, locale);
  reader.parts(parsePattern(pattern));
  if (reader.at < text.length) throw unparsable(text, reader.at);
  return reader.fields;
}

export function unparsable(text: string, at: number, hint = ""): Error {
  return failure(`Text could not be parsed at index ${at}: '${shown(text)}'.${hint}`);
}

const ZONE = /Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?|[A-Za-z]+(?:[+-]\d\d?(?::\d\d)?)?(?:[/_][A-Za-z_+\-\d]+)*/y;

/** How a numeric field is kept. */
const SETTERS: { [letter: string]: (fields: Fields, value: number) => void } = {
  u: (fields, value) => (fields.year = value),
  y: (fields, value) => (fields.year = value),
  M: (fields, value) => (fields.month = value),
  L: (fields, value) => (fields.month = value),
  d: (fields, value) => (fields.day = value),
  D: (fields, value) => (fields.dayOfYear = value),
  H: (fields, value) => (fields.hour = value),
  k: (fields, value) => (fields.hour = value % 24),
  h: (fields, value) => (fields.hour12 = value),
  K: (fields, value) => (fields.hour12 = value),
  m: (fields, value) => (fields.minute = value),
  s: (fields, value) => (fields.second = value),
  n: (fields, value) => (fields.nano = value),
};

class PatternReader {
  at = 0;
  fields: Fields = {};
  private readonly text: string;
  private readonly locale: string;

  constructor(text: string, locale: string) {
    this.text = text;
    this.locale = locale;
  }

  parts(parts: readonly PatternPart[]): void {
    parts.forEach((part, index) => {
      if (part.kind === "literal") this.literal(part.text);
      else if (part.kind === "optional") this.optional(part.parts);
      else this.field(part.letter, part.count, isNumeric(parts[index + 1]));
    });
  }

  private literal(text: string): void {
    if (!this.text.startsWith(text, this.at)) throw unparsable(this.text, this.at);
    this.at += text.length;
  }

  private optional(parts: readonly PatternPart[]): void {
    const { at, fields } = this;
    this.fields = { ...fields };
    try {
      this.parts(parts);
    } catch {
      this.at = at;
      this.fields = fields;
    }
  }

  private field(letter: string, count: number, isBeforeNumber: boolean): void {
    if ("ML".includes(letter) && count > 2) {
      this.fields.month = this.name(monthNames(this.locale, styleOf(count), letter === "L")) + 1;
    } else if (letter === "E") this.name(dayNames(this.locale, styleOf(count)));
    else if (letter === "a") this.fields.isAfternoon = this.name(halfDayNames(this.locale)) === 1;
    else if (letter === "G") this.name(eraNames(this.locale, styleOf(count)));
    else if (letter === "S") this.fields.nano = Number(this.digits(count, count).padEnd(9, "0"));
    else if ("VzOXxZv".includes(letter)) this.zone();
    else this.number(letter, count, isBeforeNumber);
  }

  private number(letter: string, count: number, isBeforeNumber: boolean): void {
    const set = SETTERS[letter];
    if (set === undefined) throw failure(`The date pattern letter ${letter} cannot be read, only written.`);
    set(this.fields, "yu".includes(letter) ? this.year(count, isBeforeNumber) : this.numeric(count, isBeforeNumber));
  }

  private numeric(count: number, isBeforeNumber: boolean): number {
    return Number(this.digits(count, count === 1 && !isBeforeNumber ? 9 : count));
  }

  private year(count: number, isBeforeNumber: boolean): number {
    if (count === 2) return 2000 + Number(this.digits(2, 2));
    const sign = this.text[this.at] === "-" ? -1 : 1;
    if (sign < 0) this.at++;
    const isOpen = !isBeforeNumber && (count === 1 || count >= 4);
    return sign * Number(this.digits(count, isOpen ? 9 : count));
  }

  private digits(least: number, most: number): string {
    let end = this.at;
    while (end < this.text.length && end - this.at < most && /\d/.test(this.text.charAt(end))) end++;
    if (end - this.at < least) throw unparsable(this.text, this.at);
    const digits = this.text.slice(this.at, end);
    this.at = end;
    return digits;
  }

  /** The index of the longest name that stands here. */
  private name(names: readonly string[]): number {
    let best = -1;
    names.forEach((name, index) => {
      const isLonger = name.length > (names[best]?.length ?? 0);
      if (isLonger && this.text.startsWith(name, this.at)) best = index;
    });
    if (best < 0) throw unparsable(this.text, this.at);
    this.at += names[best]?.length ?? 0;
    return best;
  }

  private zone(): void {
    ZONE.lastIndex = this.at;
    const found = ZONE.exec(this.text)?.[0];
    if (found === undefined) throw unparsable(this.text, this.at);
    this.fields.zone = found;
    this.at += found.length;
  }
}

function isNumeric(part: PatternPart | undefined): boolean {
  if (part?.kind !== "field") return false;
  return (
    part.letter === "S" || (Object.hasOwn(SETTERS, part.letter) && !("ML".includes(part.letter) && part.count > 2))
  );
}

function styleOf(count: number): NameStyle {
  return count === 4 ? "long" : count === 5 ? "narrow" : "short";
}
