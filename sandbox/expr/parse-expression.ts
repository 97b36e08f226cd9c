import type { CallArgs, Expr } from "./ast.ts";
import { type Cursor, MAX_CHAIN } from "./cursor.ts";
import { overBudget } from "./errors.ts";
import { syntaxError, type Token } from "./lexer.ts";
import { integer } from "./numbers.ts";
import { BINARY_PRECEDENCE, UNARY_PRECEDENCE } from "./syntax.ts";
import { Double, newMap, type Value } from "./value.ts";

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["true", true],
  ["TRUE", true],
  ["false", false],
  ["FALSE", false],
  ["null", null],
  ["NULL", null],
  ["none", null],
  ["NONE", null],
]);

/** Precedence climbing; the ternary binds loosest of all. */
export function parseExpression(cursor: Cursor, minPrecedence = 0): Expr {
  return cursor.nested(() => {
    const left = parseBinary(cursor, minPrecedence);
    if (minPrecedence > 0 || !cursor.skip("PUNCTUATION", "?")) return left;
    const then = parseExpression(cursor);
    cursor.expect("PUNCTUATION", ":");
    return { kind: "ternary", at: left.at, condition: left, then, otherwise: parseExpression(cursor) };
  });
}

function parseBinary(cursor: Cursor, minPrecedence: number): Expr {
  let left = parseUnary(cursor);
  for (let links = 0; cursor.is("OPERATOR"); links++) {
    const precedence = BINARY_PRECEDENCE.get(cursor.token.text);
    if (precedence === undefined || precedence < minPrecedence) break;
    checkChain(links, cursor);
    left = parseOperator(cursor, left, cursor.next(), precedence);
  }
  return left;
}

function parseOperator(cursor: Cursor, left: Expr, operator: Token, precedence: number): Expr {
  switch (operator.text) {
    case "|":
      return { kind: "filter", ...parseNamed(cursor), input: left };
    case "is":
    case "is not":
      return { kind: "test", ...parseNamed(cursor), input: left, negated: operator.text === "is not" };
    default: {
      const right = parseExpression(cursor, precedence + 1);
      return { kind: "binary", at: operator.at, op: operator.text, left, right };
    }
  }
}

/** The name of a filter or test with its arguments, if any. */
export function parseNamed(cursor: Cursor): { name: string; args: CallArgs; at: number } {
  const { text, at } = cursor.expect("NAME");
  return { name: text, at, args: cursor.is("PUNCTUATION", "(") ? parseArgs(cursor) : { positional: [], named: [] } };
}

function parseUnary(cursor: Cursor): Expr {
  const { token } = cursor;
  const precedence = token.type === "OPERATOR" ? UNARY_PRECEDENCE.get(token.text) : undefined;
  if (precedence === undefined) return parsePostfix(cursor);
  cursor.next();
  return { kind: "unary", at: token.at, op: token.text, of: parseExpression(cursor, precedence) };
}

function parsePostfix(cursor: Cursor): Expr {
  const { token } = cursor;
  if (token.type === "NAME" && !CONSTANTS.has(token.text)) return parseAccess(cursor, parseName(cursor));
  if (!cursor.skip("PUNCTUATION", "(")) return parseLiteral(cursor);
  const inner = parseExpression(cursor);
  cursor.expect("PUNCTUATION", ")");
  return parseAccess(cursor, inner);
}

function parseName(cursor: Cursor): Expr {
  const { text, at } = cursor.next();
  if (!cursor.is("PUNCTUATION", "(")) return { kind: "name", at, name: text };
  return { kind: "call", at, name: text, args: parseArgs(cursor) };
}

/** `.name` and `[key]`, as many as follow. */
function parseAccess(cursor: Cursor, start: Expr): Expr {
  let target = start;
  for (let links = 0; ; links++) {
    checkChain(links, cursor);
    if (cursor.skip("PUNCTUATION", ".")) {
      const { text, at } = cursor.expect("NAME");
      if (cursor.is("PUNCTUATION", "(")) throw noMethods(text, at);
      target = { kind: "attribute", at, of: target, name: text };
    } else if (cursor.is("PUNCTUATION", "[")) {
      const { at } = cursor.next();
      const key = parseExpression(cursor);
      cursor.expect("PUNCTUATION", "]");
      const isName = key.kind === "literal" && typeof key.value === "string";
      target = isName
        ? { kind: "attribute", at, of: target, name: String(key.value) }
        : { kind: "index", at, of: target, key };
    } else return target;
  }
}

/** Methods of Java and JavaScript, and what does their work here. */
const FOR_METHODS: ReadonlyMap<string, string> = new Map([
  ["toUpperCase", "value | upper"],
  ["toLowerCase", "value | lower"],
  ["size", "value | length"],
  ["length", "value | length"],
  ["substring", "value | slice(from, to)"],
  ["contains", "value contains 'x'"],
  ["includes", "value contains 'x'"],
  ["equals", "value == 'x'"],
  ["isEmpty", "value is empty"],
  ["get", "value['key']"],
  ["toString", "value | string"],
]);

function noMethods(name: string, at: number) {
  const instead = FOR_METHODS.get(name) ?? "value | filter";
  return syntaxError(`Methods cannot be called in expressions: \`.${name}(…)\`. Write \`${instead}\` instead.`, at);
}

function parseLiteral(cursor: Cursor): Expr {
  const { token } = cursor;
  const { at } = token;
  if (token.type === "STRING") return parseString(cursor);
  if (token.type === "NUMBER" || token.type === "LONG") {
    cursor.next();
    return { kind: "literal", at, value: parseNumber(token) };
  }
  if (token.type === "NAME") {
    cursor.next();
    return { kind: "literal", at, value: CONSTANTS.get(token.text) ?? null };
  }
  if (cursor.skip("PUNCTUATION", "[")) {
    const items = parseSequence(cursor, "]", () => parseExpression(cursor));
    return { kind: "list", at, items, constant: constantList(items) };
  }
  if (cursor.skip("PUNCTUATION", "{")) {
    const entries = parseSequence(cursor, "}", () => parseEntry(cursor));
    return { kind: "map", at, entries, constant: constantMap(entries) };
  }
  const hint = cursor.is("PUNCTUATION", "=") ? ": `==` compares." : ": a name, number, text, list or map.";
  throw syntaxError(`${cursor.unexpected()}, expected an expression${hint}`, at);
}

/** The value of an expression that is made of literals alone: values are never changed, so one is enough for all runs. */
function constantOf(expr: Expr): Value | undefined {
  if (expr.kind === "literal") return expr.value;
  return expr.kind === "list" || expr.kind === "map" ? expr.constant : undefined;
}

function constantList(items: readonly Expr[]): Value | undefined {
  const values = items.map(constantOf);
  return values.every((value) => value !== undefined) ? values : undefined;
}

function constantMap(entries: readonly { key: Expr; value: Expr }[]): Value | undefined {
  const map = newMap();
  for (const { key, value } of entries) {
    const [name, constant] = [constantOf(key), constantOf(value)];
    if (typeof name !== "string" || constant === undefined) return undefined;
    map[name] = constant;
  }
  return map;
}

function parseEntry(cursor: Cursor): { key: Expr; value: Expr } {
  const key = parseExpression(cursor);
  cursor.expect("PUNCTUATION", ":");
  return { key, value: parseExpression(cursor) };
}

/** Items separated by commas up to `closing`, which is taken too. */
function parseSequence<T>(cursor: Cursor, closing: string, item: () => T): T[] {
  const items: T[] = [];
  if (cursor.skip("PUNCTUATION", closing)) return items;
  do items.push(item());
  while (cursor.skip("PUNCTUATION", ","));
  cursor.expect("PUNCTUATION", closing);
  return items;
}

function parseNumber(token: Token): Value {
  if (!token.text.includes(".")) {
    const long = BigInt(token.text);
    if (BigInt.asIntN(64, long) !== long) {
      throw syntaxError(
        `The integer ${token.text} is too large: an integer has 64 bits, write a double with \`.0\`.`,
        token.at,
      );
    }
    return integer(long);
  }
  const value = Number(token.text);
  return Number.isInteger(value) ? new Double(value) : value;
}

function parseString(cursor: Cursor): Expr {
  const { text, at, parts } = cursor.next();
  if (parts === undefined) return { kind: "literal", at, value: text };
  const pieces = parts.map((part): Expr => {
    if ("text" in part) return { kind: "literal", at, value: part.text };
    const inner = cursor.within(part.tokens);
    const value = parseExpression(inner);
    inner.expect("EOF");
    return value;
  });
  return { kind: "interpolation", at, parts: pieces };
}

export function parseArgs(cursor: Cursor): CallArgs {
  cursor.expect("PUNCTUATION", "(");
  const positional: Expr[] = [];
  const named: { name: string; value: Expr; at: number }[] = [];
  parseSequence(cursor, ")", () => {
    if (cursor.is("NAME") && cursor.peekIs("PUNCTUATION", "=")) {
      const { text, at } = cursor.next();
      cursor.next();
      named.push({ name: text, at, value: parseExpression(cursor) });
    } else if (named.length > 0) {
      throw syntaxError("A positional argument cannot follow a named one.", cursor.token.at);
    } else positional.push(parseExpression(cursor));
  });
  return { positional, named };
}

function checkChain(links: number, cursor: Cursor): void {
  if (links < MAX_CHAIN) return;
  const error = overBudget("operators in a row", MAX_CHAIN, "split it with {% set %}.");
  error.at = cursor.token.at;
  throw error;
}
