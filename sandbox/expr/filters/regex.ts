import type { Call, Filter } from "../entry.ts";
import { groupText, regexOf, replaceAll } from "../regex/use.ts";
import { print } from "../text.ts";

const REGEX = { name: "regex", description: "a regular expression of Java's dialect", required: true };

function moves(call: Call): (count: number) => void {
  return (count) => call.regexStep(count);
}

export const REGEX_FILTERS: readonly Filter[] = [
  {
    name: "regexMatch",
    description: "whether the expression is found in the text",
    args: [REGEX],
    examples: [["{{ 'a1' | regexMatch('\\d') }}", "true"]],
    run: (value, args, call) => regexOf(args.text("regex")).find(print(value, call), 0, moves(call)) !== null,
  },
  {
    name: "regexReplace",
    description: "every match replaced; $1 stands for a group",
    args: [REGEX, { name: "replacement", description: "the new text", required: true }],
    examples: [["{{ 'a1' | regexReplace('(\\d)', '<$1>') }}", "a<1>"]],
    run: (value, args, call) =>
      replaceAll(print(value, call), args.text("regex"), print(args.value("replacement"), call), call),
  },
  {
    name: "regexExtract",
    description: "the first match or one of its groups; null when there is none",
    args: [REGEX, { name: "group", description: "the group's number, 0 for the whole match", default: 0 }],
    examples: [["{{ 'ab12' | regexExtract('[a-z]+(\\d+)', 1) }}", "12"]],
    run: (value, args, call) => {
      const text = print(value, call);
      const match = regexOf(args.text("regex")).find(text, 0, moves(call));
      return match === null ? null : groupText(text, match, args.integer("group", 0));
    },
  },
];
