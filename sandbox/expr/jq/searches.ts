import type { Json, JsonObject } from "#schema/json.ts";
import type { Match, Regex } from "../regex/match.ts";
import { matchesOf, regexOf } from "../regex/use.ts";
import { type Cell, type Closure, derived, JqError, type JqHost, type Native, untracked } from "./types.ts";
import { described } from "./values.ts";

type Search = { text: string; regex: Regex; isGlobal: boolean };

/** The pattern may be a text, or a list of text and flags. */
function searchOf(input: Json, pattern: Json, flags: Json): Search {
  if (Array.isArray(pattern)) return searchOf(input, pattern[0] ?? null, pattern[1] ?? flags);
  if (typeof input !== "string") throw new JqError(`${described(input)} cannot be matched, as it is not a string`);
  if (typeof pattern !== "string") throw new JqError(`${described(pattern)} cannot be matched, as it is not a string`);
  if (flags !== null && typeof flags !== "string") throw new JqError(`${described(flags)} is not a string`);
  const letters = flags ?? "";
  if (!/^[gimnpslx]*$/.test(letters)) throw new JqError(`${letters} is not a valid modifier string`);
  const regex = regexOf(pattern, {
    ignoresCase: letters.includes("i"),
    isMultiLine: false,
    dotIsAll: /[sp]/.test(letters),
    isExtended: letters.includes("x"),
  });
  return { text: input, regex, isGlobal: letters.includes("g") };
}

/** Offsets in code points. */
function matchObject({ text, regex }: Search, match: Match): JsonObject {
  const names = new Map([...regex.pattern.names].map(([name, index]) => [index, name]));
  const captures: Json[] = [];
  for (let index = 1; index <= regex.pattern.groups; index++) {
    const from = match.captures[index * 2] ?? -1;
    const to = match.captures[index * 2 + 1] ?? -1;
    captures.push({ ...piece(text, from, to), name: names.get(index) ?? null });
  }
  return { ...piece(text, match.from, match.to), captures };
}

function piece(text: string, from: number, to: number): JsonObject {
  if (from < 0) return { offset: -1, length: 0, string: null };
  const string = text.slice(from, to);
  return { offset: [...text.slice(0, from)].length, length: [...string].length, string };
}

function* matches(host: JqHost, search: Search): Generator<Match> {
  for (const match of matchesOf(search.text, search.regex, host)) {
    host.step(1 + search.text.length / 64);
    yield match;
    if (!search.isGlobal) return;
  }
}

function* searches(host: JqHost, cell: Cell, [pattern, flags]: readonly Closure[]): Generator<Search> {
  if (pattern === undefined) return;
  for (const { value } of host.run(pattern, untracked(cell))) {
    if (flags === undefined) yield searchOf(cell.value, value, null);
    else for (const flag of host.run(flags, untracked(cell))) yield searchOf(cell.value, value, flag.value);
  }
}

function split(host: JqHost, search: Search): Json {
  const parts: string[] = [];
  let last = 0;
  for (const match of matches(host, { ...search, isGlobal: true })) {
    parts.push(search.text.slice(last, match.from));
    last = match.to;
  }
  return [...parts, search.text.slice(last)];
}

/** Built-in functions that search with regular expressions. */
export const SEARCHES: ReadonlyMap<string, Native> = new Map<string, Native>([
  [
    "match/2",
    function* (host, cell, args) {
      for (const search of searches(host, cell, args)) {
        for (const match of matches(host, search)) yield derived(matchObject(search, match), cell);
      }
    },
  ],
  [
    "test/2",
    function* (host, cell, args) {
      for (const search of searches(host, cell, args)) {
        yield derived(search.regex.find(search.text, 0, (count) => host.regexStep(count)) !== null, cell);
      }
    },
  ],
  [
    "split/2",
    function* (host, cell, args) {
      for (const search of searches(host, cell, args)) yield derived(split(host, search), cell);
    },
  ],
]);
