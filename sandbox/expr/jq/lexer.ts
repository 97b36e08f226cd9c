import { ExprError } from "../errors.ts";
import { shown } from "../growth.ts";

export type JqToken =
  | { type: "name" | "field" | "variable" | "format" | "op" | "number" | "end"; text: string; at: number }
  | { type: "text"; text: string; at: number; parts: readonly (string | readonly JqToken[])[] };

const SPACE = /(?:\s|#[^\n]*)+/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const FIELD = /\.[A-Za-z_]\w*/y;
const NAME = /[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*/y;
const VARIABLE = /\$[A-Za-z_]\w*/y;
const FORMAT = /@[A-Za-z]\w*/y;
const OPERATOR = /\?\/\/|\/\/=|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|\.\.|[|,=<>+\-*/%?.:;()[\]{}]/y;
const ESCAPES: { [mark: string]: string } = {
  n: "\n",
  t: "\t",
  r: "\r",
  b: "\b",
  f: "\f",
  "/": "/",
  "\\": "\\",
  '"': '"',
};

export function jqSyntaxError(source: string, at: number, why: string): ExprError {
  return new ExprError("EXPR_ARGUMENT", `The jq expression '${shown(source)}' cannot be read at ${at}: ${why}.`);
}

export function tokenizeJq(source: string): JqToken[] {
  return new JqLexer(source).all();
}

class JqLexer {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  all(): JqToken[] {
    const tokens = this.upTo("");
    tokens.push({ type: "end", text: "", at: this.source.length });
    return tokens;
  }

  /** Tokens until the closing parenthesis of an interpolation, or to the end. */
  private upTo(closing: string): JqToken[] {
    const tokens: JqToken[] = [];
    let depth = 0;
    for (;;) {
      this.match(SPACE);
      if (this.at >= this.source.length) return tokens;
      const character = this.source[this.at];
      if (character === closing && depth === 0) return tokens;
      if (character === "(") depth++;
      if (character === ")") depth--;
      tokens.push(this.token());
    }
  }

  private token(): JqToken {
    const { at } = this;
    if (this.source[at] === '"') return this.text();
    const number = this.match(NUMBER);
    if (number !== null) return { type: "number", text: number, at };
    const field = this.match(FIELD);
    if (field !== null) return { type: "field", text: field.slice(1), at };
    const variable = this.match(VARIABLE);
    if (variable !== null) return { type: "variable", text: variable.slice(1), at };
    const format = this.match(FORMAT);
    if (format !== null) return { type: "format", text: format, at };
    const name = this.match(NAME);
    if (name !== null) return { type: "name", text: name, at };
    const operator = this.match(OPERATOR);
    if (operator !== null) return { type: "op", text: operator, at };
    throw jqSyntaxError(this.source, at, `unexpected \`${this.source[at]}\``);
  }

  private text(): JqToken {
    const start = this.at;
    const parts: (string | readonly JqToken[])[] = [];
    let text = "";
    for (this.at++; this.at < this.source.length; this.at++) {
      const character = this.source.charAt(this.at);
      if (character === '"') {
        this.at++;
        parts.push(text);
        return { type: "text", text: this.source.slice(start, this.at), at: start, parts };
      }
      if (character !== "\\") text += character;
      else if (this.source[this.at + 1] === "(") {
        this.at += 2;
        parts.push(text, [...this.upTo(")"), { type: "end", text: "", at: this.at }]);
        text = "";
      } else text += this.escape();
    }
    throw jqSyntaxError(this.source, start, "a text is not closed");
  }

  private escape(): string {
    const mark = this.source.charAt(++this.at);
    const plain = Object.hasOwn(ESCAPES, mark) ? ESCAPES[mark] : undefined;
    if (plain !== undefined) return plain;
    const hex = this.source.slice(this.at + 1, this.at + 5);
    if (mark !== "u" || !/^[0-9a-fA-F]{4}$/.test(hex)) throw jqSyntaxError(this.source, this.at, "unknown escape");
    this.at += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.source)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }
}
