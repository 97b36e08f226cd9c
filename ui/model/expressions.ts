import { catalogue, DEFAULT_BUDGET } from "#expr/index.ts";
import { CONTEXT_VARIABLES } from "#schema/context-variables.ts";

// The expression language as data to show: the page of the reference, the editor's completion and its hover read the same entries,
// which are those the interpreter runs.

export type ArgDoc = { name: string; description: string; required: boolean; fallback: string | undefined };
export type ExpressionKind = "operator" | "tag" | "test" | "filter" | "function" | "variable" | "budget";
export type ExpressionDoc = {
  kind: ExpressionKind;
  name: string;
  /** Of its place on the page: `filter.upper`. */
  anchor: string;
  /** How it is written: `text | split(delimiter, limit=…)`. */
  signature: string;
  description: string;
  aliases: readonly string[];
  /** Of `aliases`: those that Kestra has given up. */
  oldNames: readonly string[];
  args: readonly ArgDoc[];
  /** What it holds, of variables. */
  fields: readonly { name: string; description: string }[];
  examples: readonly string[];
};
export type ExpressionGroup = { kind: ExpressionKind; title: string; about: string; entries: readonly ExpressionDoc[] };

type CallEntry = (typeof catalogue)["filters" | "functions" | "tests"][number];

const anchorOf = (kind: ExpressionKind, name: string) => `${kind}.${name.replaceAll(" ", "-")}`;

function entry(kind: ExpressionKind, name: string, more: Partial<ExpressionDoc>): ExpressionDoc {
  return {
    kind,
    name,
    anchor: anchorOf(kind, name),
    signature: name,
    description: "",
    aliases: [],
    oldNames: [],
    args: [],
    fields: [],
    examples: [],
    ...more,
  };
}

function argsOf({ args = [] }: CallEntry): readonly ArgDoc[] {
  return args.map((arg) => ({
    name: arg.name,
    description: arg.description,
    required: arg.required === true,
    fallback: arg.default === undefined ? undefined : JSON.stringify(arg.default),
  }));
}

function callOf({ name, args = [], variadic }: CallEntry): string {
  if (variadic) return `${name}(…)`;
  const shown = args.map((arg) =>
    arg.required ? arg.name : `${arg.name}=${arg.default === undefined ? "…" : JSON.stringify(arg.default)}`,
  );
  return shown.length === 0 ? name : `${name}(${shown.join(", ")})`;
}

function calls(kind: "filter" | "function" | "test", entries: readonly CallEntry[]): readonly ExpressionDoc[] {
  const prefix = { filter: "value | ", function: "", test: "value is " }[kind];
  return [...entries]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((item) => {
      const call = callOf(item);
      return entry(kind, item.name, {
        signature: prefix + (kind === "function" && !call.includes("(") ? `${call}()` : call),
        description: sentence(item.description),
        aliases: item.aliases ?? [],
        oldNames: item.oldNames ?? [],
        args: argsOf(item),
        examples: item.examples.map(([template]) => template),
      });
    });
}

/** The tables write descriptions as parts of sentences. */
function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

const operators = (): readonly ExpressionDoc[] =>
  catalogue.operators.map(({ symbol, precedence, description, example: [template] }, index) =>
    entry("operator", symbol, {
      // `-` and `+` are two each.
      anchor: `operator.${index}`,
      signature: precedence === 500 ? `${symbol} value` : `left ${symbol} right`,
      description: `${sentence(description)} Binds with ${precedence}.`,
      examples: [template],
    }),
  );

const tags = (): readonly ExpressionDoc[] =>
  catalogue.tags.map(({ name, ends, description, example: [template] }) =>
    entry("tag", name, {
      signature: ends === "" ? `{% ${name} … %}` : `{% ${name} … %} … {% ${ends} %}`,
      description: sentence(description),
      examples: [template],
    }),
  );

const variables = (): readonly ExpressionDoc[] =>
  CONTEXT_VARIABLES.map(({ name, description, when, fields = [] }) =>
    entry("variable", name, {
      description: when === undefined ? description : `${description} There ${when}.`,
      fields,
    }),
  );

/** What each limit counts. */
const BUDGETS: Readonly<Record<string, string>> = {
  steps: "Operations of one evaluation. Long texts, sorts and copies count as several.",
  outputBytes: "Bytes of the result, and of every text on the way to it.",
  depth: "`render` within `render`, macros within macros.",
  loopTurns: "Turns of all `for` loops together.",
  regexSteps: "Moves of all regular expressions together.",
};

const budgets = (): readonly ExpressionDoc[] =>
  Object.entries(DEFAULT_BUDGET).map(([name, limit]) =>
    entry("budget", name, {
      signature: `${name}: ${limit.toLocaleString("en")}`,
      description: `${BUDGETS[name] ?? ""} Above it the evaluation ends with EXPR_BUDGET.`.trim(),
    }),
  );

let groups: readonly ExpressionGroup[] | undefined;

export function expressionGroups(): readonly ExpressionGroup[] {
  groups ??= [
    {
      kind: "operator",
      title: "Operators",
      about: "A higher number binds tighter. Use brackets where you are not sure.",
      entries: operators(),
    },
    {
      kind: "tag",
      title: "Tags",
      about: "Written `{% … %}`. A `-` inside trims the white space beside it.",
      entries: tags(),
    },
    { kind: "test", title: "Tests", about: "Written after `is` or `is not`.", entries: calls("test", catalogue.tests) },
    {
      kind: "filter",
      title: "Filters",
      about:
        "Written after `|`. A filter takes what stands directly left of it; null stays null unless it says otherwise.",
      entries: calls("filter", catalogue.filters),
    },
    {
      kind: "function",
      title: "Functions",
      about: "Arguments are given in order, then by name: `now(timeZone='Europe/Paris')`.",
      entries: calls("function", catalogue.functions),
    },
    {
      kind: "variable",
      title: "Context variables",
      about: "What is not there is an error: ask for it with `??`, `default` or `is defined`.",
      entries: variables(),
    },
    {
      kind: "budget",
      title: "Budgets",
      about: "What one evaluation may use, so that no expression can hold up the server.",
      entries: budgets(),
    },
  ];
  return groups;
}

/** The entry that is called `name`, or that has it as an alias. */
export function expressionDoc(kind: ExpressionKind, name: string): ExpressionDoc | undefined {
  const group = expressionGroups().find((one) => one.kind === kind);
  return group?.entries.find((one) => one.name === name || one.aliases.includes(name));
}

/** The groups with the entries that have every word of `text` in name, alias, argument or description; names come first. */
export function searchExpressions(text: string): readonly ExpressionGroup[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return expressionGroups();
  const rank = (doc: ExpressionDoc): number => {
    const names = [doc.name, ...doc.aliases].map((name) => name.toLowerCase());
    const rest = [doc.description, ...doc.args.map(({ name }) => name), ...doc.fields.map(({ name }) => name)];
    const all = [...names, ...rest].join(" ").toLowerCase();
    if (!words.every((word) => all.includes(word))) return 0;
    if (words.length === 1 && names.includes(words[0] ?? "")) return 3;
    return words.every((word) => names.some((name) => name.includes(word))) ? 2 : 1;
  };
  return expressionGroups().flatMap((group) => {
    const found = group.entries.map((doc) => ({ doc, rank: rank(doc) })).filter((item) => item.rank > 0);
    if (found.length === 0) return [];
    return { ...group, entries: found.sort((a, b) => b.rank - a.rank).map(({ doc }) => doc) };
  });
}
