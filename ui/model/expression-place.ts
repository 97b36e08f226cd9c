// Where in an expression the cursor stands. The text behind the cursor is not looked at, and that before it may be broken.

export type ExpressionPlace =
  /** After `|`, `is`, at the beginning of a tag, or where an operator may follow. */
  | { at: "filter" | "test" | "tag" | "operator"; typed: string; from: number }
  /** Where a value is meant. `call`: the filter or function whose arguments the cursor is in. */
  | { at: "value"; typed: string; from: number; call: string | undefined }
  /** After `a.b.`, or inside `a.b['`. */
  | { at: "member"; path: readonly string[]; typed: string; from: number; isQuoted: boolean };

const NAME = "[\\p{L}_][\\p{L}\\p{Nd}_]*";
const KEY = `\\[\\s*(?:'[^']*'|"[^"]*"|\\d+)\\s*\\]`;
const MEMBER = new RegExp(`(${NAME}(?:\\.${NAME}|${KEY})*)\\.((?:${NAME})?)$`, "u");
const QUOTED_MEMBER = new RegExp(`(${NAME}(?:\\.${NAME}|${KEY})*)\\[\\s*['"]([^'"]*)$`, "u");
const PART = new RegExp(`${NAME}|'[^']*'|"[^"]*"|\\d+`, "gu");
/** What a value ends with, and white space. */
const AFTER_VALUE = /[\p{L}\p{Nd}_)\]'"}]\s+$/u;
const WORD_OPERATOR = /(?:^|[^\p{L}\p{Nd}_.])(?:is|not|contains|and|or|equals|in|if|elseif|set|for)\s+$/u;

/** Undefined outside of `{{ }}` and `{% %}`, and inside of texts in quotes. */
export function expressionPlaceAt(text: string, offset: number): ExpressionPlace | undefined {
  const inside = insideAt(text, offset);
  if (inside === undefined) return undefined;
  const { code, isTag } = inside;
  const quoted = QUOTED_MEMBER.exec(code);
  if (quoted && isOpenQuote(code)) {
    const [, path = "", typed = ""] = quoted;
    return { at: "member", path: partsOf(path), typed, from: offset - typed.length, isQuoted: true };
  }
  if (isOpenQuote(code)) return undefined;
  const member = MEMBER.exec(code);
  if (member) {
    const [, path = "", typed = ""] = member;
    return { at: "member", path: partsOf(path), typed, from: offset - typed.length, isQuoted: false };
  }
  const typed = new RegExp(`(?:${NAME})?$`, "u").exec(code)?.[0] ?? "";
  const before = code.slice(0, code.length - typed.length);
  const from = offset - typed.length;
  if (isTag && /^-?\s*$/.test(before)) return { at: "tag", typed, from };
  if (/(^|[^|])\|\s*$/.test(before) || (isTag && /^-?\s*filter\s+$/.test(before))) return { at: "filter", typed, from };
  if (/\bis(\s+not)?\s+$/.test(before)) return { at: "test", typed, from };
  if (AFTER_VALUE.test(before) && !WORD_OPERATOR.test(before)) return { at: "operator", typed, from };
  if (isTag && /^-?\s*(set|for|macro|block)\s+$/.test(before)) return undefined;
  return { at: "value", typed, from, call: callAround(before) };
}

/** The code between the delimiter that is open at `offset` and `offset`. */
export function insideAt(text: string, offset: number): { code: string; from: number; isTag: boolean } | undefined {
  const before = text.slice(0, offset);
  const from = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (from < 0) return undefined;
  const isTag = before[from + 1] === "%";
  const code = before.slice(from + 2);
  const isClosed = code.includes(isTag ? "%}" : "}}") || code.includes("\n\n") || isInRaw(before.slice(0, from));
  return isClosed ? undefined : { code, from: from + 2, isTag };
}

function isInRaw(before: string): boolean {
  const open = Math.max(before.lastIndexOf("{% raw"), before.lastIndexOf("{% verbatim"));
  return open >= 0 && !/\{%-?\s*end(raw|verbatim)/.test(before.slice(open));
}

/** Quotes within a YAML text in double quotes are written `\"`. */
function isOpenQuote(code: string): boolean {
  let open = "";
  for (const character of code) {
    if (open === "") open = character === "'" || character === '"' ? character : "";
    else if (character === open) open = "";
  }
  return open !== "";
}

export function partsOf(path: string): string[] {
  return [...path.matchAll(PART)].map(([part]) => (/^['"]/.test(part) ? part.slice(1, -1) : part));
}

/** The name before the bracket that is open at the end of `code`. */
function callAround(code: string): string | undefined {
  let depth = 0;
  for (let i = code.length - 1; i >= 0; i--) {
    const character = code[i];
    if (character === ")") depth++;
    if (character !== "(") continue;
    if (depth === 0) return new RegExp(`${NAME}$`, "u").exec(code.slice(0, i))?.[0];
    depth--;
  }
  return undefined;
}

/** How far back a `set` or a `for` is looked for. */
const OWN_NAMES_REACH = 2_000;

/** Names that the text before `offset` makes itself, `loop` within a `for`. */
export function ownNames(text: string, offset: number): string[] {
  const before = text.slice(Math.max(0, offset - OWN_NAMES_REACH), offset);
  const names = [...before.matchAll(new RegExp(`\\{%-?\\s*(?:set|for)\\s+(${NAME})`, "gu"))].map(
    ([, name = ""]) => name,
  );
  const isInLoop = before.split(/\{%-?\s*for\b/).length > before.split(/\{%-?\s*endfor\b/).length;
  return [...new Set([...names, ...(isInLoop ? ["loop"] : [])])];
}
