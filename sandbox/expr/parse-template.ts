import type { Expr, FilterUse, Macro, MacroParam, Node, Template } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import { syntaxError, type Token, tokenize } from "./lexer.ts";
import { nearest } from "./nearest.ts";
import { parseExpression, parseNamed } from "./parse-expression.ts";
import { TAGS } from "./syntax.ts";

/** Template text to its tree. Throws an ExprError for what cannot be read. */
export function parseTemplate(source: string): Template {
  const parser = new TemplateParser(source);
  return { source, nodes: parser.template(), macros: parser.macros, blocks: parser.blocks };
}

const REMOVED_TAGS = new Set([
  "autoescape",
  "cache",
  "embed",
  "extends",
  "flush",
  "from",
  "import",
  "include",
  "parallel",
]);

class TemplateParser {
  readonly macros = new Map<string, Macro>();
  readonly blocks = new Map<string, readonly Node[]>();
  private readonly cursor: Cursor;

  constructor(source: string) {
    this.cursor = new Cursor(tokenize(source));
  }

  template(): Node[] {
    const nodes = this.nodes([]);
    this.cursor.expect("EOF");
    return nodes;
  }

  /** Nodes up to a tag whose name is in `ends`; that tag's start is left for the caller. */
  private nodes(ends: readonly string[]): Node[] {
    const nodes: Node[] = [];
    for (;;) {
      const { token } = this.cursor;
      if (token.type === "EOF") return nodes;
      if (token.type === "EXECUTE_START") {
        if (ends.some((end) => this.cursor.peekIs("NAME", end))) return nodes;
        this.cursor.next();
        const node = this.tag(ends);
        if (node !== null) nodes.push(node);
      } else nodes.push(this.simple(token));
    }
  }

  private simple(token: Token): Node {
    const { at, text } = token;
    if (token.type === "TEXT" || token.type === "RAW") {
      this.cursor.next();
      return { kind: token.type === "RAW" ? "raw" : "text", at, text };
    }
    this.cursor.expect("PRINT_START");
    const value = parseExpression(this.cursor);
    this.cursor.expect("PRINT_END");
    return { kind: "print", at, value };
  }

  private tag(ends: readonly string[]): Node | null {
    const { text, at } = this.cursor.expect("NAME");
    switch (text) {
      case "if":
        return this.conditional(at);
      case "for":
        return this.loop(at);
      case "set":
        return this.assignment(at);
      case "macro":
        return this.macro(at);
      case "block":
        return this.block(at);
      case "filter":
        return this.filtered(at);
      default:
        throw unknownTag(text, at, ends.at(-1));
    }
  }

  private conditional(at: number): Node {
    const branches: { condition: Expr; body: readonly Node[] }[] = [];
    let otherwise: readonly Node[] = [];
    do {
      const condition = parseExpression(this.cursor);
      branches.push({ condition, body: this.body(["elseif", "else", "endif"], "if", at) });
      this.cursor.next();
    } while (this.cursor.skip("NAME", "elseif"));
    if (this.cursor.skip("NAME", "else")) {
      otherwise = this.body(["endif"], "if", at);
      this.cursor.next();
    }
    this.end("endif");
    return { kind: "if", at, branches, otherwise };
  }

  private loop(at: number): Node {
    const { text: name } = this.cursor.expect("NAME");
    this.cursor.expect("OPERATOR", "in");
    const list = parseExpression(this.cursor);
    const body = this.body(["else", "endfor"], "for", at);
    let otherwise: readonly Node[] = [];
    this.cursor.next();
    if (this.cursor.skip("NAME", "else")) {
      otherwise = this.body(["endfor"], "for", at);
      this.cursor.next();
    }
    this.end("endfor");
    return { kind: "for", at, name, list, body, otherwise };
  }

  private assignment(at: number): Node {
    const { text: name } = this.cursor.expect("NAME");
    this.cursor.expect("PUNCTUATION", "=");
    const value = parseExpression(this.cursor);
    this.cursor.expect("EXECUTE_END");
    return { kind: "set", at, name, value };
  }

  private macro(at: number): null {
    const { text: name } = this.cursor.expect("NAME");
    const params: MacroParam[] = [];
    this.cursor.expect("PUNCTUATION", "(");
    while (!this.cursor.skip("PUNCTUATION", ")")) {
      if (params.length > 0) this.cursor.expect("PUNCTUATION", ",");
      const { text: param } = this.cursor.expect("NAME");
      const fallback = this.cursor.skip("PUNCTUATION", "=") ? parseExpression(this.cursor) : null;
      params.push({ name: param, description: "", fallback });
    }
    this.macros.set(name, { name, params, body: this.enclosed("endmacro", "macro", at) });
    return null;
  }

  private block(at: number): Node {
    const name = this.cursor.is("STRING") ? this.cursor.next().text : this.cursor.expect("NAME").text;
    if (this.blocks.has(name)) throw syntaxError(`The block \`${name}\` exists already: give it another name.`, at);
    this.blocks.set(name, this.enclosed("endblock", "block", at));
    return { kind: "block", at, name };
  }

  private filtered(at: number): Node {
    const filters = [parseFilter(this.cursor)];
    while (this.cursor.skip("OPERATOR", "|")) filters.push(parseFilter(this.cursor));
    return { kind: "filtered", at, filters, body: this.enclosed("endfilter", "filter", at) };
  }

  private enclosed(end: string, tag: string, at: number): Node[] {
    const body = this.body([end], tag, at);
    this.cursor.next();
    this.end(end);
    return body;
  }

  /** The rest of the opening tag and what it encloses. */
  private body(ends: readonly string[], tag: string, at: number): Node[] {
    this.cursor.expect("EXECUTE_END");
    const nodes = this.cursor.nested(() => this.nodes(ends));
    if (this.cursor.is("EOF")) throw syntaxError(`Unclosed tag \`${tag}\`: end it with {% ${ends.at(-1)} %}.`, at);
    return nodes;
  }

  private end(name: string): void {
    this.cursor.expect("NAME", name);
    this.cursor.skip("NAME");
    this.cursor.expect("EXECUTE_END");
  }
}

function parseFilter(cursor: Cursor): FilterUse {
  return { kind: "filter", ...parseNamed(cursor) };
}

function unknownTag(name: string, at: number, end: string | undefined) {
  if (REMOVED_TAGS.has(name)) return syntaxError(`The tag \`${name}\` is not available in expressions.`, at);
  if (name.startsWith("end") || name === "else" || name === "elseif") {
    const open = end === undefined ? "no tag is open" : `{% ${end} %} must come first`;
    return syntaxError(`The tag \`${name}\` closes nothing here: ${open}.`, at);
  }
  return syntaxError(
    `Unexpected tag name "${name}".${nearest(
      name,
      TAGS.map((tag) => tag.name),
    )}`,
    at,
  );
}
