import type { Filter } from "../entry.ts";
import { ionText } from "../ion/write.ts";
import { jq } from "../jq/index.ts";
import { parseJson } from "../json-text.ts";
import { jsonText, toJson } from "../text.ts";
import { fromOutside } from "../value.ts";
import { yamlText } from "../yaml-text.ts";

export const FORMAT_FILTERS: readonly Filter[] = [
  {
    name: "toJson",
    aliases: ["json", "jsonEncode"],
    oldNames: ["json", "jsonEncode"],
    description: "JSON text; null entries of maps are left out",
    examples: [["{{ {'a': [1, null]} | toJson }}", '{"a":[1,null]}']],
    takesNull: true,
    run: (value, _args, call) => jsonText(value, call),
  },
  {
    name: "toIon",
    description: "Ion text",
    examples: [["{{ {'k': 'v'} | toIon }}", '{k:"v"}']],
    takesNull: true,
    run: (value, _args, call) => ionText(value, call),
  },
  {
    name: "yaml",
    description: "YAML text with a line break at its end",
    examples: [["{{ [1,'a'] | yaml }}", " - 1\n - a\n"]],
    takesNull: true,
    run: (value, _args, call) => yamlText(value, call),
  },
  {
    name: "jq",
    description: "the list of results of a jq expression, for a value or for JSON text",
    args: [{ name: "expression", description: "in the language of jq 1.6", required: true }],
    examples: [
      ["{{ {'a':[1,2]} | jq('.a[0]') | first }}", "1"],
      ["{{ [1,2,3] | jq('map(. + 1) | add') }}", "[9]"],
    ],
    run: (value, args, call) => {
      const input = toJson(typeof value === "string" ? parseJson(value) : value, call);
      return fromOutside(jq(args.text("expression"), input, call)) ?? null;
    },
  },
];
