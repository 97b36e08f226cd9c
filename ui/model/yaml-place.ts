// Where in a YAML text the cursor stands, by indentation alone: it must work while the text is broken.

export type YamlPlace = {
  /** Keys from the document down to the map the cursor is in; list items are left out. */
  path: readonly string[];
  /** What is being written: a key of that map, or the value of `key`. */
  at: "key" | "value";
  key: string;
  /** The text between the key's or value's beginning and the cursor. */
  typed: string;
  /** Offset where `typed` begins. */
  from: number;
  /** Plain values of the map the cursor is in, such as its `type`. */
  siblings: Readonly<Record<string, string>>;
  /** `type` of each map from the document down, empty where there is none; one more than `path` is long. */
  types: readonly string[];
};

type Line = { indent: number; dash: boolean; key: string; value: string };

const KEY = /^("[^"]*"|'[^']*'|[A-Za-z0-9_$.-]+)\s*:(?:\s+(.*)|$)/;

/** Undefined inside comments and block texts, where there is nothing to complete. */
export function yamlPlaceAt(text: string, offset: number): YamlPlace | undefined {
  const lineFrom = text.lastIndexOf("\n", offset - 1) + 1;
  const before = text.slice(lineFrom, offset);
  if (/(^|\s)#/.test(before)) return undefined;
  const lines = text.slice(0, lineFrom).split("\n").slice(0, -1);
  const rest = text.slice(lineFrom).split("\n").slice(1);
  const lead = /^(\s*(?:- +)*)(.*)$/.exec(before);
  const [, prefix = "", typed = ""] = lead ?? [];
  const indent = prefix.length;
  if (insideBlockText(lines, indent)) return undefined;
  const chain = parents(lines, indent, prefix.includes("-"));
  const colon = /^("[^"]*"|'[^']*'|[A-Za-z0-9_$.-]+)\s*:\s+(.*)$/.exec(typed);
  const siblings = siblingsOf(lines, rest, indent, prefix.includes("-"), colon === null ? "" : typed);
  const here = {
    path: chain.map(({ key }) => key),
    siblings,
    types: [...chain.map(({ type }) => type), siblings.type ?? ""],
  };
  if (colon) {
    const [, key = "", value = ""] = colon;
    return { ...here, at: "value", key: unquote(key), typed: value, from: offset - value.length };
  }
  if (!/^[A-Za-z0-9_$.-]*$/.test(typed)) return undefined;
  return { ...here, at: "key", key: typed, typed, from: offset - typed.length };
}

/** The maps above, from the document down: the key that holds each, and that map's own type. */
function parents(lines: readonly string[], indent: number, isItem: boolean): { key: string; type: string }[] {
  const chain: { key: string; type: string }[] = [];
  let limit = indent;
  // A list item may stand at its key's own indentation.
  let same = isItem;
  let itemAt = isItem ? indent : -1;
  for (let i = lines.length - 1; i >= 0 && limit >= 0; i--) {
    const line = readLine(lines[i] ?? "");
    if (!line) continue;
    const dashAt = line.dash ? (lines[i] ?? "").indexOf("-") : -1;
    if (itemAt < 0 && line.dash && line.indent === limit) itemAt = limit;
    if (line.dash && line.indent === limit && !same) {
      // The first line of the item the cursor is in: its key stands above, at the dash or left of it.
      limit = dashAt;
      same = true;
      continue;
    }
    const above = line.indent < limit || (same && line.indent === limit && !line.dash);
    if (!above || line.key === "" || line.value.trim() !== "") continue;
    chain.unshift({
      key: line.key,
      type: siblingsOf(lines.slice(0, i), lines.slice(i + 1), line.indent, line.dash, "").type ?? "",
    });
    limit = line.dash ? dashAt : line.indent;
    same = line.dash;
  }
  return chain;
}

/** Plain values in the map at `indent` round the cursor's line. */
function siblingsOf(
  before: readonly string[],
  after: readonly string[],
  indent: number,
  isItem: boolean,
  own: string,
): Record<string, string> {
  const found: Record<string, string> = {};
  const take = (raw: string): "on" | "last" | "stop" => {
    if (raw.trim() === "" || raw.trimStart().startsWith("#")) return "on";
    const line = readLine(raw);
    const at = line ? line.indent : (/^\s*/.exec(raw)?.[0].length ?? 0);
    if (at > indent) return "on";
    if (at < indent || !line) return "stop";
    found[line.key] ??= unquote(line.value.trim());
    return line.dash ? "last" : "on";
  };
  if (own !== "") take(`${" ".repeat(indent)}${own}`);
  if (!isItem) {
    for (let i = before.length - 1; i >= 0; i--) if (take(before[i] ?? "") !== "on") break;
  }
  for (const raw of after) {
    const line = readLine(raw);
    if (line?.dash && line.indent <= indent) break;
    if (take(raw) === "stop") break;
  }
  return found;
}

function readLine(raw: string): Line | undefined {
  const [, prefix = "", body = ""] = /^(\s*(?:- +)*)(.*)$/.exec(raw) ?? [];
  const match = KEY.exec(body);
  if (!match) return undefined;
  return { indent: prefix.length, dash: prefix.includes("-"), key: unquote(match[1] ?? ""), value: match[2] ?? "" };
}

/** True when a line above opened a block text (`|` or `>`) that the cursor's indentation is still in. */
function insideBlockText(lines: readonly string[], indent: number): boolean {
  let limit = indent;
  for (let i = lines.length - 1; i >= 0; i--) {
    const raw = lines[i] ?? "";
    if (raw.trim() === "") continue;
    const at = /^\s*/.exec(raw)?.[0].length ?? 0;
    if (at >= limit) continue;
    if (/[|>][+-]?\d*\s*$/.test(raw) && /:\s*[|>]|-\s+[|>]/.test(raw)) return true;
    limit = at;
    if (at === 0) return false;
  }
  return false;
}

function unquote(text: string): string {
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}
