import type { Filter } from "../entry.ts";
import { ionText } from "../ion/write.ts";
import { jsonText } from "../text.ts";
import { yamlText } from "../yaml-text.ts";

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
];
