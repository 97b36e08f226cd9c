import { parseDecimal } from "../decimal.ts";
import { failure } from "../errors.ts";
import { double, integer } from "../numbers.ts";
import { Double, type MapBuilder, newMap, type Value } from "../value.ts";

const MAX_NESTING = 512;
const SPACE = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const SYMBOL = /[A-Za-z_$][\w$]*/y;
const TIMESTAMP = /\d{4}(?:T|-\d\d(?:T|-\d\d(?:T(?:\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?))/y;
const NUMBER = /[+-]?inf\b|-?0[xX][0-9a-fA-F_]+|-?0[bB][01_]+|-?\d[\d_]*(?:\.[\d_]*)?(?:[eEdD][+-]?\d+)?/y;
const BEFORE_QUOTE = /[^"\\]+/y;
const BEFORE_APOSTROPHE = /[^'\\]+/y;
const ESCAPES: { [mark: string]: string } = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  "0": "\0",
  "\n": "",
};

/** The first value of Ion text. Timestamps and symbols are text, blobs their base64, annotations are dropped. */
export function parseIon(text: string): Value {
  return new IonReader(text, asText).first();
}

/** A value at the top of Ion text, which stands from `from` to before `to`. */
export type IonItem = { value: Value; from: number; to: number };

export type IonPiece = {
  items: IonItem[];
  /** Where the text begins that is not read yet: a value that goes on in the next piece. */
  rest: number;
};

/**
 * All values of a piece of Ion text that ends with a line. With `isLast` false a value may go on in the next piece. `timestamp` makes a
 * value of a timestamp's text. Throws for what is no Ion, `at` telling where.
 */
export function parseIonPiece(
  text: string,
  { isLast, timestamp = asText }: { isLast: boolean; timestamp?: (text: string) => Value },
): IonPiece {
  return new IonReader(text, timestamp).piece(isLast);
}

/** What is wrong with a piece of Ion text, and at which offset. */
export class IonError extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const asText = (text: string): Value => text;
const VERSION_MARK = /\$ion_1_\d+(?![\w$])/y;

class IonReader {
  private readonly text: string;
  private readonly timestamp: (text: string) => Value;
  private at = 0;
  /** The text ended before what has begun did. */
  private isOpen = false;

  constructor(text: string, timestamp: (text: string) => Value) {
    this.text = text;
    this.timestamp = timestamp;
  }

  first(): Value {
    this.space();
    return this.at >= this.text.length ? null : this.value(0);
  }

  piece(isLast: boolean): IonPiece {
    const items: IonItem[] = [];
    for (this.space(); this.at < this.text.length; this.space()) {
      const from = this.at;
      if (this.match(VERSION_MARK) !== null) continue;
      try {
        items.push({ value: this.value(0), from, to: this.at });
      } catch (error) {
        if (!isLast && (this.isOpen || this.at >= this.text.length)) return { items, rest: from };
        throw new IonError(error instanceof Error ? error.message : String(error), this.at);
      }
    }
    return { items, rest: this.text.length };
  }

  private value(depth: number): Value {
    if (depth > MAX_NESTING) throw this.wrong("the value nests too deeply");
    this.space();
    const { text, at } = this;
    if (text[at] === '"') return this.quoted('"');
    if (this.skip("{{")) return this.blob();
    if (this.skip("{")) return this.struct(depth);
    if (this.skip("[")) return this.sequence("]", depth);
    if (this.skip("(")) return this.sequence(")", depth);
    if (text.startsWith("'''", at)) return this.longText();
    if (text[at] === "'") return this.annotated(this.quoted("'"), depth);
    const timestamp = this.match(TIMESTAMP);
    if (timestamp !== null) return this.timestamp(timestamp);
    const number = this.match(NUMBER);
    if (number !== null) return ionNumber(number);
    const symbol = this.match(SYMBOL);
    if (symbol === null) {
      this.isOpen = text.startsWith("/*", at);
      throw this.wrong(at < text.length ? `unexpected \`${text[at]}\`` : "unexpected end");
    }
    return this.symbol(symbol, depth);
  }

  private symbol(symbol: string, depth: number): Value {
    if (symbol === "null") {
      if (this.skip(".")) this.match(SYMBOL);
      return null;
    }
    if (symbol === "true" || symbol === "false") return symbol === "true";
    return symbol === "nan" ? new Double(Number.NaN) : this.annotated(symbol, depth);
  }

  private annotated(symbol: string, depth: number): Value {
    this.space();
    return this.skip("::") ? this.value(depth + 1) : symbol;
  }

  private struct(depth: number): Value {
    const map: MapBuilder = newMap();
    for (this.space(); !this.skip("}"); this.space()) {
      const name = this.fieldName();
      this.space();
      if (!this.skip(":")) throw this.wrong("a `:` is missing behind a field's name");
      map[name] = this.value(depth + 1);
      this.space();
      if (!this.skip(",") && this.text[this.at] !== "}") throw this.wrong("a `,` or `}` is missing");
    }
    return map;
  }

  private fieldName(): string {
    const mark = this.text[this.at];
    if (this.text.startsWith("'''", this.at)) return this.longText();
    if (mark === '"' || mark === "'") return this.quoted(mark);
    const symbol = this.match(SYMBOL);
    if (symbol === null) throw this.wrong("a field's name is missing");
    return symbol;
  }

  /** A list, or an s-expression (whose elements need no commas). */
  private sequence(closing: string, depth: number): Value {
    const items: Value[] = [];
    for (this.space(); !this.skip(closing); this.space()) {
      items.push(this.value(depth + 1));
      this.space();
      if (!this.skip(",") && closing === "]" && this.text[this.at] !== "]") throw this.wrong("a `,` or `]` is missing");
    }
    return items;
  }

  private blob(): Value {
    const end = this.text.indexOf("}}", this.at);
    if (end < 0) throw this.unfinished("a blob is not closed");
    const body = this.text.slice(this.at, end).trim();
    this.at = end + 2;
    return body.startsWith('"') ? body.slice(1, -1) : body.replace(/\s/g, "");
  }

  private longText(): string {
    let out = "";
    while (this.skip("'''")) {
      const end = this.text.indexOf("'''", this.at);
      if (end < 0) throw this.unfinished("a long text is not closed");
      out += this.text.slice(this.at, end);
      this.at = end + 3;
      this.space();
    }
    return out;
  }

  private quoted(quote: string): string {
    const start = this.at;
    const plain = quote === '"' ? BEFORE_QUOTE : BEFORE_APOSTROPHE;
    let out = "";
    for (this.at++; this.at < this.text.length; this.at++) {
      out += this.match(plain) ?? "";
      if (this.text[this.at] === quote) {
        this.at++;
        return out;
      }
      if (this.at < this.text.length) out += this.escape();
    }
    this.at = start;
    throw this.unfinished("a text is not closed");
  }

  private escape(): string {
    const mark = this.text.charAt(++this.at);
    const digits = { x: 2, u: 4, U: 8 }[mark];
    if (digits === undefined) return ESCAPES[mark] ?? mark;
    const hex = this.text.slice(this.at + 1, this.at + 1 + digits);
    const point = /^[0-9a-fA-F]+$/.test(hex) ? Number.parseInt(hex, 16) : -1;
    if (point < 0 || point > 0x10ffff) throw this.wrong("an escape is no character");
    this.at += digits;
    return String.fromCodePoint(point);
  }

  private space(): void {
    this.match(SPACE);
  }

  private skip(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found !== null) this.at += found[0].length;
    return found?.[0] ?? null;
  }

  private unfinished(what: string): Error {
    this.isOpen = true;
    return this.wrong(what);
  }

  private wrong(what: string): Error {
    return failure(`Invalid ion: ${what} at offset ${this.at}.`);
  }
}

/** Ion's integers have no bounds: one that is no Java long is kept as it is. */
function ionInteger(value: bigint): Value {
  return BigInt.asIntN(64, value) === value ? integer(value) : value;
}

function ionNumber(token: string): Value {
  const text = token.replaceAll("_", "");
  if (text.endsWith("inf")) return new Double(text.startsWith("-") ? -Infinity : Infinity);
  if (/^-?0[xXbB]/.test(text)) {
    return ionInteger(text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text));
  }
  if (/^-?\d+$/.test(text)) {
    if (text.length < 16) return Number(text) + 0;
    if (text.length < 1000) return ionInteger(BigInt(text));
  }
  if (/[eE]/.test(text)) return double(Number(text));
  return parseDecimal(text.replace(/[dD]/, "e")) ?? double(Number(text));
}
