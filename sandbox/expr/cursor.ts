import { overBudget } from "./errors.ts";
import { syntaxError, type Token, type TokenType } from "./lexer.ts";

/** How deep expressions and tags may nest. */
export const MAX_SYNTAX_DEPTH = 64;
/** How long one chain of operators, filters and attributes may be. */
export const MAX_CHAIN = 1000;

const CLOSINGS: ReadonlyMap<TokenType, string> = new Map([
  ["PRINT_END", "}}"],
  ["EXECUTE_END", "%}"],
]);

/** A place in the list of tokens. */
export class Cursor {
  private readonly tokens: readonly Token[];
  private index = 0;
  private depth: number;

  constructor(tokens: readonly Token[], depth = 0) {
    this.tokens = tokens;
    this.depth = depth;
  }

  /** A cursor for tokens that stand within this one's token. */
  within(tokens: readonly Token[]): Cursor {
    return new Cursor(tokens, this.depth);
  }

  get token(): Token {
    const token = this.tokens[this.index] ?? this.tokens.at(-1);
    if (token === undefined) throw syntaxError("Nothing to parse.", 0);
    return token;
  }

  next(): Token {
    const token = this.token;
    if (token.type !== "EOF") this.index++;
    return token;
  }

  peekIs(type: TokenType, text?: string): boolean {
    const ahead = this.tokens[this.index + 1];
    return ahead?.type === type && (text === undefined || ahead.text === text);
  }

  is(type: TokenType, text?: string): boolean {
    return this.token.type === type && (text === undefined || this.token.text === text);
  }

  /** Takes the token when it is the given one. */
  skip(type: TokenType, text?: string): boolean {
    if (!this.is(type, text)) return false;
    this.index++;
    return true;
  }

  expect(type: TokenType, text?: string): Token {
    if (this.is(type, text)) return this.next();
    const wanted = text === undefined ? type : `${type} "${text}"`;
    throw syntaxError(`${this.unexpected()}, expected token of type ${wanted}${this.hint(type)}`, this.token.at);
  }

  unexpected(): string {
    return `Unexpected token of value "${this.token.text}" and type ${this.token.type}`;
  }

  /** What most often went wrong before this token. */
  private hint(wanted: TokenType): string {
    const closing = CLOSINGS.get(wanted);
    const before = this.tokens[this.index - 1]?.text;
    if (this.is("EOF")) return closing === undefined ? ": the text ends too early." : `: close it with \`${closing}\`.`;
    if (this.is("OPERATOR", "|") && before === "|") return ": `or` joins two conditions.";
    if (this.is("PUNCTUATION", "=")) return ": `==` compares, {% set a = b %} assigns.";
    return closing === undefined ? "." : `: an operator or \`${closing}\` is missing.`;
  }

  /** Runs `parse` one level deeper; nesting that is too deep is refused before the stack is. */
  nested<T>(parse: () => T): T {
    if (++this.depth > MAX_SYNTAX_DEPTH) {
      const error = overBudget("nested levels", MAX_SYNTAX_DEPTH, "split it with {% set %}.");
      error.at = this.token.at;
      throw error;
    }
    const result = parse();
    this.depth--;
    return result;
  }
}
