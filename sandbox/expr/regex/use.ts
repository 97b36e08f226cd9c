import type { Meter } from "../entry.ts";
import { argumentError } from "../errors.ts";
import { compile, type Match, type Regex } from "./match.ts";
import { type Flags, parseRegex } from "./parse.ts";

const PLAIN: Flags = { ignoresCase: false, isMultiLine: false, dotIsAll: false, isExtended: false };
const MAX_REGEXES = 200;
const MAX_LENGTH = 10_000;
const regexes = new Map<string, Regex>();

export function regexOf(source: string, flags: Flags = PLAIN): Regex {
  const key = `${flags.ignoresCase}${flags.isMultiLine}${flags.dotIsAll}${flags.isExtended} ${source}`;
  const known = regexes.get(key);
  if (known !== undefined) return known;
  if (source.length > MAX_LENGTH)
    throw argumentError(`A regular expression may have at most ${MAX_LENGTH} characters.`);
  const regex = compile(parseRegex(source, flags));
  if (regexes.size >= MAX_REGEXES) regexes.clear();
  regexes.set(key, regex);
  return regex;
}

/** All matches from left to right; behind an empty one the search goes on one character later. */
export function* matchesOf(text: string, regex: Regex, meter: Meter): Generator<Match> {
  for (let at = 0; at <= text.length; ) {
    const match = regex.find(text, at, (count) => meter.regexStep(count));
    if (match === null) return;
    yield match;
    at = match.to > match.from ? match.to : match.to + 1;
  }
}

export function groupText(text: string, match: Match, index: number): string | null {
  if (index === 0) return text.slice(match.from, match.to);
  const from = match.captures[index * 2] ?? -1;
  return from < 0 ? null : text.slice(from, match.captures[index * 2 + 1]);
}

/** Java's replaceAll: `$1` and `${name}` stand for groups, a backslash takes the next character as it is. */
export function replaceAll(text: string, pattern: string, by: string, meter: Meter): string {
  const regex = regexOf(pattern);
  let out = "";
  let last = 0;
  for (const match of matchesOf(text, regex, meter)) {
    out += text.slice(last, match.from) + expanded(by, text, match, regex);
    meter.size(out.length);
    last = match.to;
  }
  return out + text.slice(last);
}

function expanded(by: string, text: string, match: Match, regex: Regex): string {
  return by.replace(/\\([\s\S])|\$(\d)|\$\{(\w+)\}/g, (_, plain?: string, digit?: string, name?: string) => {
    if (plain !== undefined) return plain;
    const index = name === undefined ? Number(digit) : regex.pattern.names.get(name);
    if (index === undefined || index > regex.pattern.groups) {
      throw argumentError(`No group ${name ?? digit}: the regular expression has ${regex.pattern.groups}.`);
    }
    return groupText(text, match, index) ?? "";
  });
}

/** Java's split: a limit of 0 drops empty parts at the end; an empty match at the start gives no part. */
export function splitBy(text: string, pattern: string, limit: number, meter: Meter): string[] {
  const parts: string[] = [];
  let last = 0;
  if (text === "") return [""];
  for (const match of matchesOf(text, regexOf(pattern), meter)) {
    if (limit > 0 && parts.length === limit - 1) break;
    if (match.to === 0 || (match.from === match.to && match.from >= text.length)) continue;
    meter.step(1);
    parts.push(text.slice(last, match.from));
    last = match.to;
  }
  if (last === 0 && parts.length === 0) return [text];
  parts.push(text.slice(last));
  while (limit === 0 && parts.at(-1) === "") parts.pop();
  return parts;
}
