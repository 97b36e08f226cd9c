import type { Json } from "#schema/json.ts";
import type { Filter } from "../entry.ts";
import { ionText } from "../ion/write.ts";
import { jq } from "../jq/index.ts";
import { parseJson } from "../json-text.ts";
import { jsonText, toJson } from "../text.ts";
import { fromOutside } from "../value.ts";
import { yamlText } from "../yaml-text.ts";

/** How many values there are within a value, itself included. */
function weight(value: Json): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + weight(item), 1);
}

export const FORMAT_FILTERS: readonly Filter[] = [
  {
    name: "toJson",
    aliases: ["json", "jsonEncode"],
    description: "JSON text; null entries of maps are left out",
    examples: [["{{ {'a': [1, null]} | toJson }}", '{"a":[1,null]}']],
    takesNull: true,
    run: (value) => jsonText(value),
  },
  {
    name: "toIon",
    description: "Ion text",
    examples: [["{{ {'k': 'v'} | toIon }}", '{k:"v"}']],
    takesNull: true,
    run: (value) => ionText(value),
  },
  {
    name: "yaml",
    description: "YAML text with a line break at its end",
    examples: [["{{ [1,'a'] | yaml }}", " - 1\n - a\n"]],
    takesNull: true,
    run: (value) => yamlText(value),
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
      const input = toJson(typeof value === "string" ? parseJson(value) : value);
      call.step(weight(input));
      return fromOutside(jq(args.text("expression"), input, call)) ?? null;
    },
  },
];
