import type { ProblemCode } from "#schema/problem.ts";

/** A text made to break a parser, and the problem it must end as; undefined where it is only odd. */
export type Hostile = { name: string; text: string; code: ProblemCode | undefined };

const repeat = (text: string, times: number) => text.repeat(times);
const letters = "abcdefghij";

/** Nine lists of nine aliases each: 9^9 values when expanded. */
const bomb = `a: &a [${repeat("x,", 9)}]\n${[...letters.slice(1)]
  .map((letter, index) => `${letter}: &${letter} [${repeat(`*${letters[index]},`, 9)}]`)
  .join("\n")}`;

export const HOSTILE: readonly Hostile[] = [
  { name: "a million open brackets", text: repeat("[", 1_000_000), code: "YAML_LIMIT" },
  { name: "maps within maps", text: repeat("{a: ", 200_000), code: "YAML_LIMIT" },
  { name: "lists within lists", text: repeat("- ", 500_000), code: "YAML_LIMIT" },
  { name: "complex keys within complex keys", text: repeat("? ", 130_000), code: "YAML_LIMIT" },
  {
    name: "a block nested 1,400 deep",
    text: Array.from({ length: 1400 }, (_, depth) => `${repeat(" ", depth)}a:`).join("\n"),
    code: "YAML_LIMIT",
  },
  { name: "two million letters", text: repeat("x", 2_000_000), code: "YAML_LIMIT" },
  { name: "an alias bomb", text: bomb, code: "YAML_LIMIT" },
  { name: "a list that holds itself", text: "a: &a [*a]", code: "YAML_LIMIT" },
  { name: "a map that merges itself", text: "a: &a\n  <<: *a\n", code: "YAML_LIMIT" },
  { name: "half a million values", text: `[${repeat("a,", 500_000)}]`, code: "YAML_LIMIT" },
  { name: "50,000 documents", text: repeat("---\n", 50_000), code: "YAML_LIMIT" },
  { name: "anchors without end", text: repeat("&a ", 100_000), code: "YAML_SYNTAX" },
  { name: "tags without end", text: repeat("!!a ", 80_000), code: "YAML_SYNTAX" },
  { name: "quotes without end", text: repeat('"', 200_000), code: "YAML_SYNTAX" },
  { name: "an alias of nothing", text: "id: *nothing", code: "YAML_SYNTAX" },
  { name: "the same key twice", text: "id: a\nid: b", code: "YAML_SYNTAX" },
  { name: "a tab as indentation", text: "a:\n\t- b", code: "YAML_SYNTAX" },
  { name: "a bracket that stays open", text: "tasks: [", code: "YAML_SYNTAX" },
  { name: "a quote that stays open", text: 'id: "a', code: "YAML_SYNTAX" },
  { name: "the key __proto__", text: "__proto__: {polluted: true}", code: "INVALID_VALUE" },
  { name: "a map as a key", text: "{a: b}: c", code: "INVALID_VALUE" },
  { name: "the key constructor", text: "constructor: {prototype: 1}", code: "UNKNOWN_PROPERTY" },
  { name: "nothing", text: "", code: "INVALID_VALUE" },
  { name: "a number", text: "42", code: "INVALID_VALUE" },
  { name: "a list", text: "- a\n- b", code: "INVALID_VALUE" },
  { name: "only comments", text: repeat("# c\n", 200_000), code: "INVALID_VALUE" },
  { name: "only line breaks", text: repeat("\r", 200_000), code: "INVALID_VALUE" },
  { name: "control characters", text: "id: \u0000\u0001\u0007", code: "INVALID_VALUE" },
  { name: "half a surrogate pair", text: "id: \ud800", code: "INVALID_VALUE" },
  { name: "an unknown directive", text: "%YAML 9.9\n---\nid: a", code: "MISSING_PROPERTY" },
  { name: "infinities and no numbers", text: "id: .nan\nnamespace: .inf", code: "INVALID_VALUE" },
  {
    name: "80,000 properties",
    text: Array.from({ length: 80_000 }, (_, n) => `k${n}: v`).join("\n"),
    code: "UNKNOWN_PROPERTY",
  },
  {
    name: "90,000 uses of an alias",
    text: `variables: &v {}\nx:\n${repeat(" - *v\n", 90_000)}`,
    code: "UNKNOWN_PROPERTY",
  },
];
