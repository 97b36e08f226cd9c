import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  Scalar,
  type YAMLMap,
} from "yaml";
import { formatPath, type PropertyPath } from "#schema/conform.ts";
import type { Json } from "#schema/json.ts";
import type { Position, Problem } from "#schema/problem.ts";
import { ScalarPlaces } from "./place-in-text.ts";
import { aliasTargets, isNode, keyName, scalarToJson } from "./yaml-nodes.ts";

// YAML text to plain JSON and the place of each value in the text.
//
// Y1. Never throws, whatever the text. What is wrong is a YAML_SYNTAX or YAML_LIMIT problem with its place.
// Y2. Work is bounded before it is done: by the length of the text, the depth of nesting and the number of values, aliases expanded.
// Y3. Two keys that are the same text are refused, and so is the key `__proto__`.

export const MAX_SOURCE_BYTES = 1_048_576;
export const MAX_DEPTH = 100;
/** Most values of a document, each use of an alias counted again. */
export const MAX_VALUES = 100_000;
export const MAX_DOCUMENTS = 500;
const MAX_PROBLEMS = 50;

export type YamlDocument = {
  readonly value: Json;
  readonly problems: readonly Problem[];
  /** Where the document starts and ends in the source, as UTF-16 offsets. */
  readonly from: number;
  readonly to: number;
  /** The place of the value at `path`, or of its key; when it is not in the text, of the nearest thing round it that is. */
  place(path: PropertyPath, on: "key" | "value"): Position | undefined;
  /** The place of line and column (1-based) within the text at `path`, whatever its style; of an alias, the alias. */
  placeInText(path: PropertyPath, line: number, column: number): Position | undefined;
  /** The scalar at `path` as it is written, without quotes. */
  textAt(path: PropertyPath): string | undefined;
};

/** The documents of `source`; one document without a value when it cannot be read at all. */
export function readYaml(source: string): readonly YamlDocument[] {
  if (utf8Length(source) > MAX_SOURCE_BYTES) {
    return [failedDocument(limit(`The text is longer than ${MAX_SOURCE_BYTES} bytes: split the flow`, 1, 1))];
  }
  const lines = new LineCounter();
  try {
    const tokens = tokenize(source, lines);
    if ("code" in tokens) return [failedDocument(tokens)];
    const composer = new Composer({
      version: "1.2",
      merge: true,
      uniqueKeys: false,
      keepSourceTokens: true,
      strict: true,
    });
    const documents: YamlDocument[] = [];
    for (const document of composer.compose(tokens, true, source.length)) {
      if (documents.length === MAX_DOCUMENTS) {
        return [failedDocument(limit(`More than ${MAX_DOCUMENTS} documents: send them in parts`, 1, 1))];
      }
      documents.push(new SourceDocument(source, document, lines).read());
    }
    return documents;
  } catch {
    // The library gives up on some texts by an exception of its own.
    return [
      failedDocument({ code: "YAML_SYNTAX", message: "The text is not YAML", path: "", at: { line: 1, column: 1 } }),
    ];
  }
}

/** The concrete syntax, or the problem that it is nested too deep: found while lexing, before anything recurses. */
function tokenize(source: string, lines: LineCounter): Tokens | Problem {
  const parser = new Parser(lines.addNewLine);
  const tokens: Tokens = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(source)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH + 2) {
      const { line, col } = lines.linePos(parser.offset);
      return limit(`Nested deeper than ${MAX_DEPTH} levels`, line, col);
    }
  }
  tokens.push(...parser.end());
  return tokens;
}
type Tokens = (ReturnType<Parser["parse"]> extends Generator<infer T> ? T : never)[];

function limit(message: string, line: number, column: number): Problem {
  return { code: "YAML_LIMIT", message, path: "", at: { line, column: Math.max(1, column) } };
}

function utf8Length(text: string): number {
  if (text.length > MAX_SOURCE_BYTES || text.length * 3 <= MAX_SOURCE_BYTES) return text.length;
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Each half of a surrogate pair counts 2: 4 bytes together.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return bytes;
}

function failedDocument(problem: Problem): YamlDocument {
  return {
    value: null,
    problems: [problem],
    from: 0,
    to: 0,
    place: () => problem.at,
    placeInText: () => problem.at,
    textAt: () => undefined,
  };
}

/** Thrown inside this file only: the document is over a limit. */
class OverLimit extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

class SourceDocument {
  readonly #targets: ReadonlyMap<Alias, Node>;
  readonly #places = new WeakMap<Scalar, ScalarPlaces>();
  readonly #pairs = new WeakMap<object, ReadonlyMap<string, { key: unknown; value: unknown }>>();
  readonly #source: string;
  readonly #document: Document;
  readonly #lines: LineCounter;
  readonly #problems: Problem[] = [];
  #values = 0;
  #tooMany = false;

  constructor(source: string, document: Document, lines: LineCounter) {
    this.#source = source;
    this.#document = document;
    this.#lines = lines;
    this.#targets = aliasTargets(document.contents);
  }

  read(): YamlDocument {
    const { errors, range, contents } = this.#document;
    for (const error of errors.slice(0, MAX_PROBLEMS)) {
      const message = error.message.split("\n")[0] ?? "The text is not YAML";
      this.#report({
        code: "YAML_SYNTAX",
        message: withCure(error.code, message),
        path: "",
        at: this.#at(error.pos[0]),
      });
    }
    let value: Json = null;
    try {
      value = this.#toJson(contents, []);
    } catch (error) {
      if (!(error instanceof OverLimit)) throw error;
      this.#report(error.problem);
    }
    return {
      value,
      problems: this.#problems,
      from: range?.[0] ?? 0,
      to: range?.[2] ?? this.#source.length,
      place: (path, on) => this.#place(path, on),
      placeInText: (path, line, column) => this.#placeInText(path, line, column),
      textAt: (path) => this.#textAt(path),
    };
  }

  #report(problem: Problem): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(problem);
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(Math.min(Math.max(offset, 0), this.#source.length));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #count(node: Node | null, path: PropertyPath): void {
    this.#values++;
    const start = node?.range?.[0] ?? 0;
    const { line, column } = this.#at(start);
    if (path.length > MAX_DEPTH) throw new OverLimit(limit(`Nested deeper than ${MAX_DEPTH} levels`, line, column));
    if (this.#values <= MAX_VALUES || this.#tooMany) return;
    this.#tooMany = true;
    throw new OverLimit(limit(`More than ${MAX_VALUES} values, each use of an alias counted: use fewer`, line, column));
  }

  #toJson(node: unknown, path: PropertyPath): Json {
    const target = isAlias(node) ? this.#resolve(node) : node;
    this.#count(isNode(node) ? node : null, path);
    if (isAlias(node) && target === undefined) {
      const message = `No \`&${node.source}\` stands before \`*${node.source}\``;
      this.#report({ code: "YAML_SYNTAX", message, path: formatPath(path), at: this.#at(node.range?.[0] ?? 0) });
    }
    if (isMap(target)) return this.#mapToJson(target.items, path);
    if (isSeq(target)) return target.items.map((item, index) => this.#toJson(item, [...path, index]));
    return isScalar(target) ? scalarToJson(target) : null;
  }

  #resolve(alias: Alias): Node | undefined {
    return this.#targets.get(alias);
  }

  #mapToJson(items: readonly { key: unknown; value: unknown }[], path: PropertyPath): Json {
    const map = new Map<string, Json>();
    const own = new Set<string>();
    for (const { key, value } of items) {
      const name = keyName(key);
      if (name === "<<" && isScalar(key) && key.type === Scalar.PLAIN) {
        for (const [merged, item] of Object.entries(this.#merged(value, path)))
          if (!map.has(merged)) map.set(merged, item);
        continue;
      }
      if (name === undefined || name === "__proto__") {
        const at = isNode(key) ? this.#at(key.range?.[0] ?? 0) : undefined;
        const message = name === undefined ? "A key must be a plain text" : "The key `__proto__` is not allowed";
        this.#report({ code: "INVALID_VALUE", message, path: formatPath(path), at });
        continue;
      }
      if (own.has(name)) {
        const at = isNode(key) ? this.#at(key.range?.[0] ?? 0) : undefined;
        const message = `The key \`${name}\` stands twice in the same map: remove one`;
        this.#report({ code: "YAML_SYNTAX", message, path: formatPath([...path, name]), at });
        continue;
      }
      own.add(name);
      map.set(name, this.#toJson(value, [...path, name]));
    }
    return Object.fromEntries(map);
  }

  /** What `<<: *anchor` or `<<: [*a, *b]` brings in; the first of several wins. */
  #merged(node: unknown, path: PropertyPath): { [key: string]: Json } {
    const value = this.#toJson(node, [...path, "<<"]);
    const maps = Array.isArray(value) ? value : [value];
    const merged: { [key: string]: Json } = {};
    for (const map of maps) {
      if (typeof map !== "object" || map === null || Array.isArray(map)) continue;
      for (const [key, item] of Object.entries(map)) if (!Object.hasOwn(merged, key)) merged[key] = item;
    }
    return merged;
  }

  #pairsOf(map: YAMLMap): ReadonlyMap<string, { key: unknown; value: unknown }> {
    const known = this.#pairs.get(map);
    if (known !== undefined) return known;
    const pairs = new Map<string, { key: unknown; value: unknown }>();
    for (const pair of map.items) {
      const name = keyName(pair.key);
      if (name !== undefined && !pairs.has(name)) pairs.set(name, pair);
    }
    this.#pairs.set(map, pairs);
    return pairs;
  }

  /** The node at `path`, with its key; as far along the path as the text goes. */
  #find(path: PropertyPath): { key: Node | undefined; node: Node | undefined; whole: boolean } {
    let node: Node | undefined = this.#document.contents ?? undefined;
    let key: Node | undefined;
    for (const part of path) {
      const target: unknown = isAlias(node) ? this.#resolve(node) : node;
      const pair: { key?: unknown; value: unknown } | undefined = isMap(target)
        ? this.#pairsOf(target).get(String(part))
        : isSeq(target) && typeof part === "number" && part < target.items.length
          ? { value: target.items[part] }
          : undefined;
      if (pair === undefined) return { key, node, whole: false };
      key = isNode(pair.key) ? pair.key : undefined;
      if (!isNode(pair.value)) return { key, node: key, whole: true };
      node = pair.value;
    }
    return { key, node, whole: true };
  }

  #place(path: PropertyPath, on: "key" | "value"): Position | undefined {
    const { key, node, whole } = this.#find(path);
    // Of something that is not there, the list or map round it: by its own key when it has one.
    const target = on === "key" || !whole ? (key ?? node) : (node ?? key);
    const offset = target?.range?.[0];
    return offset === undefined ? { line: 1, column: 1 } : this.#at(offset);
  }

  #textAt(path: PropertyPath): string | undefined {
    const { node, whole } = this.#find(path);
    const target = isAlias(node) ? this.#resolve(node) : node;
    return whole && isScalar(target) ? target.source : undefined;
  }

  #placeInText(path: PropertyPath, line: number, column: number): Position | undefined {
    const { node, whole } = this.#find(path);
    if (!whole || !isScalar(node) || !node.range || typeof node.value !== "string") return this.#place(path, "value");
    let places = this.#places.get(node);
    if (places === undefined) {
      const type = node.type as Scalar.Type | undefined; // the library writes it as any text
      places = new ScalarPlaces(this.#source.slice(node.range[0], node.range[1]), type, node.value);
      this.#places.set(node, places);
    }
    return this.#at(node.range[0] + places.offset(line, column));
  }
}

function withCure(code: string, message: string): string {
  switch (code) {
    case "TAB_AS_INDENT":
      return "Tabs cannot indent YAML: use spaces";
    default:
      return message.replace(/ at line \d+, column \d+:?$/, "");
  }
}
