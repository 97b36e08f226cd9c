import type { Def, Jq, Pattern } from "./ast.ts";
import { type JqToken, jqSyntaxError, tokenizeJq } from "./lexer.ts";

const MAX_NESTING = 100;

export function parseJq(source: string): Jq {
  const parser = new JqParser(source, tokenizeJq(source));
  const body = parser.pipe();
  parser.expectEnd();
  return body;
}

/** `def`s only, as the built-in ones are written. */
export function parseDefs(source: string): Def[] {
  const parser = new JqParser(source, tokenizeJq(source));
  const defs: Def[] = [];
  while (parser.isName("def")) defs.push(parser.definition());
  parser.expectEnd();
  return defs;
}

/** Left-associative levels, loosest first; `//` and assignments have their own. */
const LEVELS: readonly (readonly string[])[] = [
  ["or"],
  ["and"],
  ["==", "!=", "<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
];
const ASSIGNMENTS = new Set(["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="]);
const KEYWORDS = new Set([
  "def",
  "if",
  "then",
  "elif",
  "else",
  "end",
  "as",
  "reduce",
  "foreach",
  "try",
  "catch",
  "label",
  "and",
  "or",
]);
const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ["null", null],
  ["true", true],
  ["false", false],
]);
const IDENTITY: Jq = { kind: "identity" };

class JqParser {
  private readonly source: string;
  private readonly tokens: readonly JqToken[];
  private index = 0;
  private depth = 0;

  constructor(source: string, tokens: readonly JqToken[]) {
    this.source = source;
    this.tokens = tokens;
  }

  pipe(): Jq {
    if (++this.depth > MAX_NESTING) throw this.wrong("it nests too deeply");
    const result = this.pipeBody();
    this.depth--;
    return result;
  }

  private pipeBody(): Jq {
    if (this.isName("def")) return { kind: "define", def: this.definition(), body: this.pipe() };
    if (this.skipName("label")) {
      const name = this.take("variable");
      this.expect("|");
      return { kind: "label", name, body: this.pipe() };
    }
    const left = this.comma();
    return this.skip("|") ? { kind: "pipe", left, right: this.pipe() } : left;
  }

  definition(): Def {
    this.expectName("def");
    const name = this.take("name");
    const params: string[] = [];
    if (this.skip("(")) {
      do params.push(this.token.type === "variable" ? `$${this.take("variable")}` : this.take("name"));
      while (this.skip(";"));
      this.expect(")");
    }
    this.expect(":");
    const body = this.pipe();
    this.expect(";");
    return { name, params, body };
  }

  private comma(): Jq {
    let left = this.alternative();
    while (this.skip(",")) left = { kind: "comma", left, right: this.alternative() };
    return left;
  }

  private alternative(): Jq {
    const left = this.assignment();
    return this.skip("//") ? { kind: "binary", op: "//", left, right: this.alternative() } : left;
  }

  private assignment(): Jq {
    const left = this.level(0);
    const { text, type } = this.token;
    if (type !== "op" || !ASSIGNMENTS.has(text)) return left;
    this.index++;
    return { kind: "assign", op: text, left, right: this.alternative() };
  }

  private level(index: number): Jq {
    const operators = LEVELS[index];
    if (operators === undefined) return this.postfix();
    let left = this.level(index + 1);
    while (this.isOperator(operators)) {
      const op = this.next().text;
      left = { kind: "binary", op, left, right: this.level(index + 1) };
    }
    return left;
  }

  private isOperator(operators: readonly string[]): boolean {
    const { type, text } = this.token;
    return (type === "op" || type === "name") && operators.includes(text);
  }

  private postfix(): Jq {
    if (this.skip("-")) return { kind: "negate", of: this.postfix() };
    const term = this.suffixed();
    return this.isName("as") ? this.binding(term) : term;
  }

  /** A term with what follows it: fields, brackets and `?`. */
  private suffixed(): Jq {
    let term = this.term();
    for (;;) {
      if (this.token.type === "field")
        term = { kind: "index", of: term, key: { kind: "literal", value: this.next().text } };
      else if (this.is(".") && this.tokens[this.index + 1]?.type === "text") {
        this.index++;
        term = { kind: "index", of: term, key: this.text(null) };
      } else if (this.is(".") && this.tokens[this.index + 1]?.text === "[") this.index++;
      else if (this.skip("[")) term = this.bracket(term);
      else if (this.skip("?")) term = { kind: "try", body: term, handler: null };
      else return term;
    }
  }

  /** `term as $x | body` binds its body as far as it goes, also within an operator. */
  private binding(source: Jq): Jq {
    this.expectName("as");
    const patterns = [this.pattern()];
    while (this.skip("?//")) patterns.push(this.pattern());
    this.expect("|");
    return { kind: "bind", source, patterns, body: this.pipe() };
  }

  private bracket(of: Jq): Jq {
    if (this.skip("]")) return { kind: "iterate", of };
    if (this.skip(":")) {
      const to = this.pipe();
      this.expect("]");
      return { kind: "slice", of, from: null, to };
    }
    const key = this.pipe();
    if (!this.skip(":")) {
      this.expect("]");
      return { kind: "index", of, key };
    }
    const to = this.is("]") ? null : this.pipe();
    this.expect("]");
    return { kind: "slice", of, from: key, to };
  }

  private term(): Jq {
    const { token } = this;
    switch (token.type) {
      case "number":
        this.index++;
        return { kind: "literal", value: Number(token.text) };
      case "text":
        return this.text(null);
      case "format":
        this.index++;
        return this.token.type === "text" ? this.text(token.text) : { kind: "format", name: token.text };
      case "variable":
        this.index++;
        return token.text === "__loc__" ? this.place(token.at) : { kind: "variable", name: token.text };
      case "field":
        return IDENTITY;
      case "name":
        return this.named(token.text);
      case "op":
        return this.bracketed(token.text);
      default:
        throw this.wrong("it ends too early");
    }
  }

  /** `$__loc__`. */
  private place(at: number): Jq {
    const line = this.source.slice(0, at).split("\n").length;
    return { kind: "literal", value: { file: "<top-level>", line } };
  }

  private bracketed(operator: string): Jq {
    switch (operator) {
      case ".":
        this.index++;
        return this.token.type === "text" ? { kind: "index", of: IDENTITY, key: this.text(null) } : IDENTITY;
      case "..":
        this.index++;
        return { kind: "recurse" };
      case "(":
        this.index++;
        return this.closed(this.pipe(), ")");
      case "[":
        this.index++;
        return this.skip("]") ? { kind: "list", of: null } : { kind: "list", of: this.closed(this.pipe(), "]") };
      case "{":
        this.index++;
        return this.object();
      default:
        throw this.wrong(`unexpected \`${operator}\``);
    }
  }

  private closed(inner: Jq, closing: string): Jq {
    this.expect(closing);
    return inner;
  }

  private named(name: string): Jq {
    switch (name) {
      case "if":
        return this.conditional();
      case "try":
        return this.attempt();
      case "reduce":
      case "foreach":
        return this.fold(name);
      case "def":
        return { kind: "define", def: this.definition(), body: this.pipe() };
      case "break":
        if (this.tokens[this.index + 1]?.type === "variable") {
          this.index++;
          return { kind: "break", name: this.take("variable") };
        }
    }
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) {
      this.index++;
      return { kind: "literal", value: constant };
    }
    if (KEYWORDS.has(name)) throw this.wrong(`unexpected \`${name}\``);
    this.index++;
    const args: Jq[] = [];
    if (this.skip("(")) {
      do args.push(this.pipe());
      while (this.skip(";"));
      this.expect(")");
    }
    return { kind: "call", name, args };
  }

  private conditional(): Jq {
    const branches: { condition: Jq; body: Jq }[] = [];
    do {
      this.index++;
      const condition = this.pipe();
      this.expectName("then");
      branches.push({ condition, body: this.pipe() });
    } while (this.isName("elif"));
    const otherwise = this.skipName("else") ? this.pipe() : null;
    this.expectName("end");
    return { kind: "if", branches, otherwise };
  }

  private attempt(): Jq {
    this.index++;
    const body = this.postfix();
    return { kind: "try", body, handler: this.skipName("catch") ? this.postfix() : null };
  }

  private fold(kind: "reduce" | "foreach"): Jq {
    this.index++;
    const source = this.suffixed();
    this.expectName("as");
    const pattern = this.pattern();
    this.expect("(");
    const init = this.pipe();
    this.expect(";");
    const update = this.pipe();
    const extract = kind === "foreach" && this.skip(";") ? this.pipe() : null;
    this.expect(")");
    if (kind === "reduce") return { kind, source, pattern, init, update };
    return { kind, source, pattern, init, update, extract };
  }

  private pattern(): Pattern {
    if (this.token.type === "variable") return { kind: "variable", name: this.take("variable") };
    if (this.skip("[")) {
      const items = [this.pattern()];
      while (this.skip(",")) items.push(this.pattern());
      this.expect("]");
      return { kind: "list", items };
    }
    this.expect("{");
    const entries = [this.patternEntry()];
    while (this.skip(",")) entries.push(this.patternEntry());
    this.expect("}");
    return { kind: "object", entries };
  }

  private patternEntry(): { key: Jq; variable: string | null; value: Pattern | null } {
    const variable = this.token.type === "variable" ? this.take("variable") : null;
    const key: Jq = variable === null ? this.key() : { kind: "literal", value: variable };
    const value = this.skip(":") ? this.pattern() : null;
    if (variable === null && value === null) throw this.wrong("a pattern is missing");
    return { key, variable, value };
  }

  private object(): Jq {
    const entries: { key: Jq; value: Jq }[] = [];
    while (!this.is("}")) {
      entries.push(this.entry());
      if (!this.skip(",")) break;
    }
    this.expect("}");
    return { kind: "object", entries };
  }

  private entry(): { key: Jq; value: Jq } {
    if (this.token.type === "variable") {
      const name = this.take("variable");
      return { key: { kind: "literal", value: name }, value: { kind: "variable", name } };
    }
    const key = this.key();
    if (!this.skip(":")) return { key, value: { kind: "index", of: IDENTITY, key } };
    return { key, value: this.entryValue() };
  }

  /** Values of an object end at a comma, so their pipes are read without it. */
  private entryValue(): Jq {
    const left = this.alternative();
    return this.skip("|") ? { kind: "pipe", left, right: this.entryValue() } : left;
  }

  private key(): Jq {
    const { token } = this;
    if (token.type === "text") return this.text(null);
    if (this.skip("(")) return this.closed(this.pipe(), ")");
    if (token.type === "format") {
      this.index++;
      return this.text(token.text);
    }
    if (token.type !== "name" && token.type !== "number") throw this.wrong("a key is missing");
    this.index++;
    return { kind: "literal", value: token.text };
  }

  private text(format: string | null): Jq {
    const token = this.next();
    if (token.type !== "text") throw this.wrong("a text is missing");
    const parts = token.parts.map((part) => {
      if (typeof part === "string") return part;
      const inner = new JqParser(this.source, part);
      inner.depth = this.depth;
      const body = inner.pipe();
      inner.expectEnd();
      return body;
    });
    const [only] = parts;
    if (parts.length === 1 && typeof only === "string") return { kind: "literal", value: only };
    return { kind: "text", format, parts };
  }

  private get token(): JqToken {
    return this.tokens[this.index] ?? { type: "end", text: "", at: this.source.length };
  }
  private next(): JqToken {
    const { token } = this;
    this.index++;
    return token;
  }
  private is(operator: string): boolean {
    return this.token.type === "op" && this.token.text === operator;
  }
  private skip(operator: string): boolean {
    if (!this.is(operator)) return false;
    this.index++;
    return true;
  }
  private expect(operator: string): void {
    if (!this.skip(operator)) throw this.wrong(`\`${operator}\` is missing`);
  }
  isName(name: string): boolean {
    return this.token.type === "name" && this.token.text === name;
  }
  private skipName(name: string): boolean {
    if (!this.isName(name)) return false;
    this.index++;
    return true;
  }
  private expectName(name: string): void {
    if (!this.skipName(name)) throw this.wrong(`\`${name}\` is missing`);
  }
  private take(type: "name" | "variable"): string {
    if (this.token.type !== type) throw this.wrong(`a ${type} is missing`);
    return this.next().text;
  }
  expectEnd(): void {
    if (this.token.type !== "end") throw this.wrong(`unexpected \`${this.token.text}\``);
  }
  private wrong(why: string) {
    return jqSyntaxError(this.source, this.token.at, why);
  }
}
