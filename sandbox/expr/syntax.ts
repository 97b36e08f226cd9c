/** Binary operators: how tightly they bind (higher binds tighter) and what they are for. */
export type OperatorEntry = {
  symbol: string;
  precedence: number;
  description: string;
  example: readonly [string, string];
};

export const BINARY_OPERATORS: readonly OperatorEntry[] = [
  {
    symbol: "??",
    precedence: 120,
    description: "left, unless it is null or undefined",
    example: ["{{ null ?? 'z' }}", "z"],
  },
  {
    symbol: "???",
    precedence: 120,
    description: "left, unless it is undefined; null stays",
    example: ["{{ a ??? 'z' }}", "z"],
  },
  {
    symbol: "..",
    precedence: 120,
    description: "list of integers or letters from left to right",
    example: ["{{ 1..3 }}", "[1,2,3]"],
  },
  {
    symbol: "~",
    precedence: 110,
    description: "concatenation as text; null is empty",
    example: ["{{ 'a' ~ 1 }}", "a1"],
  },
  {
    symbol: "|",
    precedence: 100,
    description: "filter of what stands directly left",
    example: ["{{ 'a' | upper }}", "A"],
  },
  { symbol: "*", precedence: 60, description: "product of numbers", example: ["{{ 3 * 4 }}", "12"] },
  { symbol: "/", precedence: 60, description: "quotient; truncates between integers", example: ["{{ 5 / 2 }}", "2"] },
  { symbol: "%", precedence: 60, description: "remainder", example: ["{{ 7 % 3 }}", "1"] },
  {
    symbol: "+",
    precedence: 40,
    description: "sum; text when one side is text; appends to a list",
    example: ["{{ [1] + 2 }}", "[1,2]"],
  },
  { symbol: "-", precedence: 40, description: "difference of numbers", example: ["{{ 7 - 3 }}", "4"] },
  { symbol: "==", precedence: 30, description: "equal; numbers by value", example: ["{{ 1 == 1.0 }}", "true"] },
  { symbol: "equals", precedence: 30, description: "the same as ==", example: ["{{ 1 equals 1 }}", "true"] },
  { symbol: "!=", precedence: 30, description: "not equal", example: ["{{ 1 != 2 }}", "true"] },
  { symbol: ">", precedence: 30, description: "greater: two numbers or two texts", example: ["{{ 2 > 1 }}", "true"] },
  { symbol: "<", precedence: 30, description: "less", example: ["{{ 2 < 1 }}", "false"] },
  { symbol: ">=", precedence: 30, description: "greater or equal", example: ["{{ 2 >= 2 }}", "true"] },
  { symbol: "<=", precedence: 30, description: "less or equal", example: ["{{ 2 <= 1 }}", "false"] },
  { symbol: "is", precedence: 20, description: "a test holds", example: ["{{ 2 is even }}", "true"] },
  { symbol: "is not", precedence: 20, description: "a test does not hold", example: ["{{ 2 is not odd }}", "true"] },
  {
    symbol: "contains",
    precedence: 20,
    description: "list has, map has key, text has part",
    example: ["{{ 'abc' contains 'b' }}", "true"],
  },
  {
    symbol: "in",
    precedence: 20,
    description: "`contains` the other way round",
    example: ["{{ 'b' in 'abc' }}", "true"],
  },
  { symbol: "not in", precedence: 20, description: "not `in`", example: ["{{ 'z' not in 'abc' }}", "true"] },
  {
    symbol: "and",
    precedence: 15,
    description: "both; stops at the first false",
    example: ["{{ true and false }}", "false"],
  },
  {
    symbol: "or",
    precedence: 10,
    description: "either; stops at the first true",
    example: ["{{ true or false }}", "true"],
  },
];

export const UNARY_OPERATORS: readonly OperatorEntry[] = [
  {
    symbol: "not",
    precedence: 500,
    description: "negation; binds tighter than everything",
    example: ["{{ not true }}", "false"],
  },
  { symbol: "+", precedence: 500, description: "the number itself", example: ["{{ +1 }}", "1"] },
  { symbol: "-", precedence: 500, description: "the number negated", example: ["{{ -1 }}", "-1"] },
];

export type TagEntry = { name: string; ends: string; description: string; example: readonly [string, string] };

export const TAGS: readonly TagEntry[] = [
  {
    name: "if",
    ends: "endif",
    description: "with elseif and else",
    example: ["{% if true %}A{% else %}B{% endif %}", "A"],
  },
  {
    name: "for",
    ends: "endfor",
    description: "over a list or a map, with `loop` and else",
    example: ["{% for x in [1,2] %}{{ x }}{% endfor %}", "12"],
  },
  { name: "set", ends: "", description: "names a value", example: ["{% set v = 5 %}{{ v }}", "5"] },
  {
    name: "macro",
    ends: "endmacro",
    description: "text with parameters",
    example: ["{% macro g(a) %}<{{ a }}>{% endmacro %}{{ g(1) }}", "<1>"],
  },
  {
    name: "block",
    ends: "endblock",
    description: "text to use again",
    example: ["{% block p %}c{% endblock %}{{ block('p') }}", "cc"],
  },
  {
    name: "filter",
    ends: "endfilter",
    description: "filters of what it encloses",
    example: ["{% filter upper %}a{% endfilter %}", "A"],
  },
  { name: "raw", ends: "endraw", description: "no evaluation", example: ["{% raw %}{{ a }}{% endraw %}", "{{ a }}"] },
  {
    name: "verbatim",
    ends: "endverbatim",
    description: "no evaluation",
    example: ["{% verbatim %}{{ a }}{% endverbatim %}", "{{ a }}"],
  },
];

export const BINARY_PRECEDENCE: ReadonlyMap<string, number> = new Map(
  BINARY_OPERATORS.map((entry) => [entry.symbol, entry.precedence]),
);
export const UNARY_PRECEDENCE: ReadonlyMap<string, number> = new Map(
  UNARY_OPERATORS.map((entry) => [entry.symbol, entry.precedence]),
);
