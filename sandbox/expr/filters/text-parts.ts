import type { ArgSpec, Example, Filter } from "../entry.ts";
import { typeError } from "../errors.ts";
import { print } from "../text.ts";

const SEPARATOR: readonly ArgSpec[] = [{ name: "separator", description: "where to cut", required: true }];

function part(
  name: string,
  description: string,
  example: Example,
  cut: (text: string, mark: string) => string,
): Filter {
  return {
    name,
    description,
    args: SEPARATOR,
    examples: [example],
    run: (value, args, call) => cut(print(value, call), args.text("separator")),
  };
}

function edge(
  name: string,
  description: string,
  example: Example,
  has: (text: string, mark: string) => boolean,
): Filter {
  return {
    name,
    description,
    args: [{ name: "value", description: "the text to look for", required: true }],
    examples: [example],
    takesNull: true,
    run: (value, args, call) => {
      if (value === null) throw typeError(`The '${name}' filter cannot be applied to null: give a default first.`);
      return has(print(value, call), args.text("value"));
    },
  };
}

/** Filters that look for a piece of a text. */
export const TEXT_PART_FILTERS: readonly Filter[] = [
  part(
    "substringBefore",
    "up to the first separator; all when there is none",
    ["{{ 'a.b.c' | substringBefore('.') }}", "a"],
    (text, mark) => {
      const at = text.indexOf(mark);
      return at < 0 ? text : text.slice(0, at);
    },
  ),
  part(
    "substringAfter",
    "after the first separator; empty when there is none",
    ["{{ 'a.b.c' | substringAfter('.') }}", "b.c"],
    (text, mark) => {
      const at = text.indexOf(mark);
      return at < 0 ? "" : text.slice(at + mark.length);
    },
  ),
  part(
    "substringBeforeLast",
    "up to the last separator; all when there is none",
    ["{{ 'a.b.c' | substringBeforeLast('.') }}", "a.b"],
    (text, mark) => {
      const at = mark === "" ? -1 : text.lastIndexOf(mark);
      return at < 0 ? text : text.slice(0, at);
    },
  ),
  part(
    "substringAfterLast",
    "after the last separator; empty when there is none",
    ["{{ 'a.b.c' | substringAfterLast('.') }}", "c"],
    (text, mark) => {
      const at = mark === "" ? -1 : text.lastIndexOf(mark);
      return at < 0 ? "" : text.slice(at + mark.length);
    },
  ),
  edge("startsWith", "whether the text begins so", ["{{ 'abc' | startsWith('a') }}", "true"], (text, mark) =>
    text.startsWith(mark),
  ),
  edge("endsWith", "whether the text ends so", ["{{ 'abc' | endsWith('a') }}", "false"], (text, mark) =>
    text.endsWith(mark),
  ),
];
