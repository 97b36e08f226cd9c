import { expect, test } from "vitest";
import { checkTemplate, missingNames, objectScope, references, render } from "./index.ts";

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

/** `x` may be anything, `map` holds `a` and `b-c`; there is nothing else. */
const missing = (template: string) =>
  missingNames(template, (path) =>
    path.length === 0 ? ["x", "map"] : path[0] === "map" && path.length === 1 ? ["a", "b-c"] : undefined,
  );

test("a name that is not there is told as a run would tell it", () => {
  const context = { scope: objectScope({ x: {}, map: { a: null, "b-c": null } }), now: 0, random: () => 0 };
  for (const template of [
    "a\n{{ map.aa }}",
    "{{ map['b'].c }}",
    "{{ map.b-c.d }}",
    "{{ 1 + map.z }}",
    "{{ mapp.a }}",
    "{{ {'k': [map.nothing]} }}",
  ]) {
    const [found, ...others] = missing(template);
    expect(others.length).toBe(template.includes("b-c.d") ? 1 : 0);
    expect(render(template, context)).toEqual({ ok: false, problem: found?.problem });
  }
});

test("names that are there, or may be, are not missing", () => {
  for (const template of [
    "{{ x.y.z }}",
    "{{ map.a.b }}",
    "{{ map['b-c'] }}",
    "{{ map[x.y] }}",
    "{% raw %}{{ nope }}{% endraw %}",
  ])
    expect(missing(template), template).toEqual([]);
});

test("names that a template makes itself are not missing", () => {
  const template =
    "{% for i in x %}{{ i.y }}{{ loop.index }}{% endfor %}{% set v = 1 %}{{ v }}{% macro m(p) %}{{ p }}{% endmacro %}";
  expect(missing(template)).toEqual([]);
});

test("what is asked for with leave to be missing is marked so, in all its parts", () => {
  const found = missing(
    "{{ map.k ?? y1 }}{{ map.l | default(y2) }}{{ map.m is defined ? map.n : 1 }}{{ (map.o | upper) ??? 2 }}{{ x[y3] ?? 3 }}",
  );
  const optional = found.filter(({ isOptional }) => isOptional).map(({ path }) => path.join("."));
  expect(optional).toEqual(["map.k", "map.l", "map.m", "map.o", "y3"]);
  expect(found.length - optional.length).toBe(3);
});
