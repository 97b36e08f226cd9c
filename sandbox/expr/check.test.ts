import { expect, test } from "vitest";
import { checkTemplate, references } from "./index.ts";

test("a template that is right has no problems", () => {
  expect(checkTemplate("{% macro g(a) %}{{ a }}{% endmacro %}{{ g(1) | upper }}{{ x is defined }}")).toEqual([]);
});

test("a syntax error is told with its place", () => {
  expect(checkTemplate("a\n{{ b c }}")).toEqual([
    {
      code: "EXPR_SYNTAX",
      message:
        'Unexpected token of value "c" and type NAME, expected token of type PRINT_END: an operator or `}}` is missing.',
      line: 2,
      column: 6,
    },
  ]);
});

test("unknown names are all told, with the nearest known one", () => {
  const problems = checkTemplate(
    "{{ a | uper }}{% if b is empt %}{{ nwo() }}{% endif %}{% filter lowr %}{% endfilter %}",
  );
  expect(problems.map(({ code, message }) => [code, message])).toEqual([
    ["EXPR_UNKNOWN_NAME", "Filter [uper] does not exist. Did you mean `upper`?"],
    ["EXPR_UNKNOWN_NAME", "Test [empt] does not exist. Did you mean `empty`?"],
    ["EXPR_UNKNOWN_NAME", "Function or Macro [nwo] does not exist. Did you mean `now`?"],
    ["EXPR_UNKNOWN_NAME", "Filter [lowr] does not exist. Did you mean `lower`?"],
  ]);
});

test("arguments that do not fit are told before the template runs", () => {
  const codes = checkTemplate("{{ a | abbreviate }}{{ b | upper(1) }}{{ now(zone='UTC') }}").map(({ code }) => code);
  expect(codes).toEqual(["EXPR_ARGUMENT", "EXPR_ARGUMENT", "EXPR_ARGUMENT"]);
});

test.each([
  "{{ s",
  "{% if a %}",
  "{% for x in l %}",
  "{% endif %}",
  "{% nope %}",
  "{% include 'x' %}",
  "{# never closed",
  "{{ 'open }}",
  '{{ "a#{b" }}',
  "{% raw %}x",
  "{{ a.b() }}",
  "{{ f(a=1, 2) }}",
  "{{ a ? b }}",
])("%s is a syntax error", (template) => {
  expect(checkTemplate(template)).toMatchObject([{ code: "EXPR_SYNTAX" }]);
});

test("references are the variables with the longest path that is known", () => {
  const found = references(
    "{{ outputs.a['b-c'].d[inputs.i].e | default(vars.x) }} {% for t in l %}{{ t.x }}{{ loop.index }}{% endfor %}",
  );
  expect(found.map(({ root, path }) => [root, ...path].join("/"))).toEqual([
    "outputs/a/b-c/d",
    "inputs/i",
    "vars/x",
    "l",
  ]);
});

test("references have their place", () => {
  expect(references("x\n{{ inputs.name }}")).toEqual([{ root: "inputs", path: ["name"], line: 2, column: 4 }]);
});
