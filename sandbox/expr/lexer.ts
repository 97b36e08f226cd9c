import { ExprError } from "./errors.ts";

/**
 * Template text to tokens. The names of the token types are those that Pebble's messages show.
 * A `{{`, `{%` or `{#` starts code; a `-` inside a delimiter trims the white space beside it.
 */
export type TokenType =
  | "TEXT"
  | "RAW"
  | "PRINT_START"
  | "PRINT_END"
  | "EXECUTE_START"
  | "EXECUTE_END"
  | "NAME"
  | "NUMBER"
  | "LONG"
  | "STRING"
  | "OPERATOR"
  | "PUNCTUATION"
  | "EOF";

export type Token = { type: TokenType; text: string; at: number; parts?: readonly StringPart[] };

/** A piece of a double-quoted string: text, or the tokens of an `#{expression}`. */
export type StringPart = { text: string } | { tokens: Token[] };

const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const NUMBER = /\d+(?:\.\d+)?/y;
const SYMBOL = /\?\?\?|\?\?|\.\.|==|!=|>=|<=|[~|*/%+\-<>]/y;
const PUNCTUATION = /[()[\]{}?:.,=]/y;
const SPACE = /\s+/y;
const RAW_START = /\{%-?\s*(raw|verbatim)\s*-?%\}/y;
const RAW_ENDS = {
  raw: /\{%-?\s*endraw\s*-?%\}/g,
  verbatim: /\{%-?\s*endverbatim\s*-?%\}/g,
};
/** What users of other languages write, and what it is here. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["&", "`and` joins two conditions"],
  ["!", "`not` negates, `!=` compares"],
  [";", "one expression ends at `}}`"],
  ["`", "text stands in single or double quotes"],
  ["$", "variables are written without `$`"],
  ["^", "there is no power operator"],
]);
const WORD_OPERATORS = new Set(["is", "not", "contains", "and", "or", "equals", "in"]);
const TWO_WORDS: { [first: string]: { rest: RegExp; text: string } } = {
  is: { rest: /\s+not(?![\p{L}\p{Nd}_])/uy, text: "is not" },
  not: { rest: /\s+in(?![\p{L}\p{Nd}_])/uy, text: "not in" },
};

export function tokenize(source: string): Token[] {
  return new Lexer(source).template();
}

class Lexer {
  private readonly source: string;
  private readonly tokens: Token[] = [];
  private at = 0;
  private trimNext = false;
  private depth = 0;

  constructor(source: string) {
    this.source = source;
  }

  template(): Token[] {
    while (this.at < this.source.length) {
      const start = this.nextOpening();
      this.text(start);
      if (start >= this.source.length) break;
      this.opening(start);
    }
    this.push("EOF", "null", this.source.length);
    return this.tokens;
  }

  private nextOpening(): number {
    for (let i = this.source.indexOf("{", this.at); i >= 0; i = this.source.indexOf("{", i + 1)) {
      const next = this.source[i + 1];
      if (next === "{" || next === "%" || next === "#") return i;
    }
    return this.source.length;
  }

  private text(end: number): void {
    let text = this.source.slice(this.at, end);
    if (this.trimNext) text = text.trimStart();
    this.trimNext = false;
    const trimEnd = this.source[end] === "{" && this.source[end + 2] === "-";
    if (trimEnd) text = text.trimEnd();
    if (text !== "") this.push("TEXT", text, this.at);
    this.at = end;
  }

  private opening(start: number): void {
    const kind = this.source[start + 1];
    if (kind === "#") this.comment(start);
    else if (kind !== "%" || !this.raw(start)) this.codeAt(start, kind);
  }

  private codeAt(start: number, kind: string | undefined): void {
    const isPrint = kind === "{";
    this.push(isPrint ? "PRINT_START" : "EXECUTE_START", this.source.slice(start, start + 2), start);
    this.at = start + (this.source[start + 2] === "-" ? 3 : 2);
    this.code(isPrint ? "}}" : "%}", isPrint ? "PRINT_END" : "EXECUTE_END");
  }

  private comment(start: number): void {
    const end = this.source.indexOf("#}", start + 2);
    if (end < 0) throw syntaxError("Unclosed comment: close it with `#}`.", start);
    this.trimNext = end > start + 2 && this.source[end - 1] === "-";
    this.at = end + 2;
  }

  private raw(start: number): boolean {
    const opening = match(RAW_START, this.source, start);
    if (opening === null) return false;
    const from = start + opening.length;
    const name = opening.includes("raw") ? "raw" : "verbatim";
    RAW_ENDS[name].lastIndex = from;
    const end = RAW_ENDS[name].exec(this.source);
    if (end === null) throw syntaxError(`Unclosed tag \`${name}\`: end it with {% end${name} %}.`, start);
    this.push("RAW", this.source.slice(from, end.index), from);
    this.at = end.index + end[0].length;
    this.trimNext = end[0].endsWith("-%}");
    return true;
  }

  /** Tokens up to the closing delimiter; inside brackets the delimiter's braces belong to maps. */
  private code(closing: string, closingType: TokenType): void {
    this.depth = 0;
    for (;;) {
      this.at += match(SPACE, this.source, this.at)?.length ?? 0;
      if (this.at >= this.source.length) return;
      if (this.depth === 0 && this.closes(closing, closingType)) return;
      this.token();
    }
  }

  private closes(closing: string, type: TokenType): boolean {
    const trims = this.source[this.at] === "-";
    const from = trims ? this.at + 1 : this.at;
    if (!this.source.startsWith(closing, from)) return false;
    this.push(type, closing, this.at);
    this.at = from + closing.length;
    this.trimNext = trims;
    return true;
  }

  private token(): void {
    const first = this.source.charAt(this.at);
    if (first === "'" || first === '"') this.string(first);
    else if (!this.word() && !this.sign()) throw unexpectedCharacter(this.source, this.at);
  }

  private word(): boolean {
    const name = match(NAME, this.source, this.at);
    const number = name === null ? match(NUMBER, this.source, this.at) : null;
    if (name !== null) this.name(name);
    if (number !== null) this.number(number);
    return name !== null || number !== null;
  }

  private sign(): boolean {
    const symbol = match(SYMBOL, this.source, this.at);
    const mark = symbol === null ? match(PUNCTUATION, this.source, this.at) : null;
    if (symbol !== null) this.take("OPERATOR", symbol);
    if (mark !== null) this.punctuation(mark);
    return symbol !== null || mark !== null;
  }

  private punctuation(mark: string): void {
    if ("([{".includes(mark)) this.depth++;
    if (")]}".includes(mark) && this.depth > 0) this.depth--;
    this.take("PUNCTUATION", mark);
  }

  private name(name: string): void {
    const before = this.tokens.at(-1);
    const isAttribute = before?.type === "PUNCTUATION" && before.text === ".";
    const second = Object.hasOwn(TWO_WORDS, name) ? TWO_WORDS[name] : undefined;
    const rest = second && match(second.rest, this.source, this.at + name.length);
    if (isAttribute || !WORD_OPERATORS.has(name)) this.take("NAME", name);
    else if (!second || !rest) this.take("OPERATOR", name);
    else {
      this.push("OPERATOR", second.text, this.at);
      this.at += name.length + rest.length;
    }
  }

  private number(number: string): void {
    const isLong = this.source[this.at + number.length] === "L" && !number.includes(".");
    this.take(isLong ? "LONG" : "NUMBER", number);
    if (isLong) this.at++;
  }

  /** Only the quote itself is unescaped by a backslash; other backslashes stay. */
  private string(quote: string): void {
    const start = this.at;
    const parts: StringPart[] = [];
    let text = "";
    for (let i = start + 1; i < this.source.length; i++) {
      const character = this.source[i];
      if (character === "\\" && this.source[i + 1] === quote) {
        text += quote;
        i++;
      } else if (character === quote) {
        parts.push({ text });
        const value = parts.map((part) => ("text" in part ? part.text : "")).join("");
        this.tokens.push({ type: "STRING", text: value, at: start, ...(parts.length > 1 ? { parts } : {}) });
        this.at = i + 1;
        return;
      } else if (quote === '"' && character === "#" && this.source[i + 1] === "{") {
        parts.push({ text });
        text = "";
        i = this.interpolation(i, parts);
      } else text += character;
    }
    throw syntaxError("Unclosed string: its closing quote is missing.", start);
  }

  /** Reads `#{…}` starting at `from`; gives the offset of its closing brace. */
  private interpolation(from: number, parts: StringPart[]): number {
    const inner = new Lexer(this.source);
    inner.at = from + 2;
    inner.code("}", "EOF");
    if (inner.tokens.at(-1)?.type !== "EOF") throw syntaxError("Unclosed `#{` in a string: close it with `}`.", from);
    parts.push({ tokens: inner.tokens });
    return inner.at - 1;
  }

  private take(type: TokenType, text: string): void {
    this.push(type, text, this.at);
    this.at += text.length;
  }

  private push(type: TokenType, text: string, at: number): void {
    this.tokens.push({ type, text, at });
  }
}

function unexpectedCharacter(source: string, at: number): ExprError {
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  const hint = FOREIGN.get(character);
  return syntaxError(`Unexpected character [${character}]${hint === undefined ? "" : `: ${hint}`}.`, at);
}

function match(pattern: RegExp, source: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? null;
}

export function syntaxError(message: string, at: number): ExprError {
  return new ExprError("EXPR_SYNTAX", message, at);
}
