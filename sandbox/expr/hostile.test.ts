import fc from "fast-check";
import { expect, test } from "vitest";
import {
  catalogue,
  checkTemplate,
  type EvalContext,
  objectScope,
  references,
  render,
  renderDeep,
  renderTyped,
} from "./index.ts";

// Hostile templates that can be written down are data: test/expressions/hostile.json. Here are those that chance makes.

const ctx: EvalContext = {
  scope: objectScope({
    a: { b: 1 },
    l: [1, 2],
    s: "text",
    n: null,
  }),
  now: 0,
  random: () => 0.5,
  budget: { steps: 200_000, outputBytes: 1_000_000 },
};

const names = ["constructor", "__proto__", "prototype", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"];

test("[X1] such a name as a key is an entry like any other", () => {
  expect(render("{{ {'__proto__': {'x': 1}}.x ?? 'none' }}", ctx)).toMatchObject({ ok: false });
  expect(render("{% set m = {'__proto__': {'x': 1}} %}{{ m.x ?? 'none' }}{{ m['__proto__'].x }}", ctx)).toEqual({
    ok: true,
    value: "none1",
  });
  const deep = renderDeep(JSON.parse('{"__proto__": "{{ a.b }}"}'), ctx);
  expect(deep.ok === true && JSON.stringify(deep.value)).toBe('{"__proto__":"1"}');
});

test("a value that nests too deeply is not printed", () => {
  let value: unknown = 1;
  for (let i = 0; i < 100_000; i++) value = [value];
  const outcome = render("{{ v }}", { ...ctx, scope: objectScope({ v: value }) });
  expect(outcome).toMatchObject({ ok: false, problem: { code: "EXPR_BUDGET" } });
});

/** Pieces that make templates which often mean something. */
const piece = fc.oneof(
  fc.constantFrom(
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "-",
    " ",
    "'",
    '"',
    "#{",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    "|",
    "\n",
  ),
  fc.constantFrom("a", "l", "s", "n", "b", "1", "2.5", "'x'", "x", "loop", "=", ":", "?", "\\", "é", "\ud800"),
  fc.constantFrom("if", "endif", "for", "in", "endfor", "set", "macro", "endmacro", "block", "filter", "raw", "else"),
  fc.constantFrom(...names),
  fc.constantFrom(...catalogue.operators.map(({ symbol }) => ` ${symbol} `)),
  fc.constantFrom(...catalogue.filters.map(({ name }) => ` | ${name}`)),
  fc.constantFrom(...catalogue.functions.map(({ name }) => `${name}(`)),
  fc.constantFrom(...catalogue.tests.map(({ name }) => ` is ${name}`)),
);
const soup = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));

/** Expressions that are well formed. */
const { expression } = fc.letrec<{ expression: string; atom: string }>((tie) => ({
  atom: fc.constantFrom(
    "a",
    "a.b",
    "l",
    "l[0]",
    "s",
    "n",
    "1",
    "-2",
    "2.5",
    "'x y'",
    "'2024-01-02'",
    "true",
    "null",
    "[]",
    "{'k': 1}",
  ),
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("atom"),
    fc
      .tuple(tie("expression"), fc.constantFrom(...catalogue.operators.map(({ symbol }) => symbol)), tie("expression"))
      .map(([l, o, r]) => (o.startsWith("is") || o === "not" || o === "|" ? `(${l})` : `(${l} ${o} ${r})`)),
    fc
      .tuple(tie("expression"), fc.constantFrom(...catalogue.filters), fc.array(tie("expression"), { maxLength: 3 }))
      .map(([input, { name }, args]) => `(${input} | ${name}(${args.join(", ")}))`),
    fc
      .tuple(fc.constantFrom(...catalogue.functions), fc.array(tie("expression"), { maxLength: 3 }))
      .map(([{ name }, args]) => `${name}(${args.join(", ")})`),
    fc
      .tuple(tie("expression"), fc.constantFrom(...catalogue.tests))
      .map(([input, { name }]) => `(${input} is ${name})`),
  ),
}));

function isFine(template: string): void {
  for (const outcome of [render(template, ctx), renderTyped(template, ctx)]) {
    if (outcome.ok !== false) continue;
    const { code, message, line, column } = outcome.problem;
    expect(code).toMatch(/^EXPR_/);
    expect(message).not.toMatch(/^The expression failed:|native code|function Object/);
    expect(line).toBeGreaterThan(0);
    expect(column).toBeGreaterThan(0);
  }
  checkTemplate(template);
  references(template);
}

test("[X5] whatever the template, the outcome is a value", () => {
  fc.assert(fc.property(soup, isFine), { numRuns: 3000 });
  fc.assert(
    fc.property(
      expression.map((inner) => `{{ ${inner} }}`),
      isFine,
    ),
    { numRuns: 4000 },
  );
});

test("a template that passes the check has no syntax error and knows its names", () => {
  fc.assert(
    fc.property(
      expression.map((inner) => `{{ ${inner} }}`),
      (template) => {
        if (checkTemplate(template).length > 0) return;
        const outcome = render(template, ctx);
        if (outcome.ok === false) expect(outcome.problem.code).not.toMatch(/EXPR_(SYNTAX|UNKNOWN_NAME)/);
      },
    ),
    { numRuns: 2000 },
  );
});

const jqPiece = fc.constantFrom(
  ..."| , . [ ] { } ( ) : ; ? // .. + - * / % == < |= += = as $x $__loc__ @csv @base64d and or not if then else end try catch reduce foreach def f: label".split(
    " ",
  ),
  ...".a .b .constructor .__proto__ 1 -1 1e9 null true empty error range(3) map(.) select(.) path(..) del(.a) keys add sort_by(.a) limit(2;.[]) first until(.;.)".split(
    " ",
  ),
  ...[
    "test(.)",
    "sub(.;.)",
    '"x\\(.)"',
    "tojson",
    "fromjson",
    "todate",
    "strptime(.)",
    "recurse",
    "env",
    "walk(.)",
    "to_entries",
    "getpath(.)",
  ],
);

test("[X5] whatever the jq expression, the outcome is a value", () => {
  const program = fc.array(jqPiece, { maxLength: 12 }).map((pieces) => pieces.join(" "));
  fc.assert(
    fc.property(program, fc.json({ maxDepth: 2 }), (jq, input) => {
      const outcome = render("{{ input | jq(program) }}", { ...ctx, scope: objectScope({ input, program: jq }) });
      if (outcome.ok === false) expect(outcome.problem.message).not.toMatch(/^The expression failed:|native code/);
    }),
    { numRuns: 3000 },
  );
});

test("[X5] whatever the regular expression, the outcome is a value", () => {
  const part = fc.constantFrom(
    ..."a b . * + ? | ( ) (?: (?= (?<! (?<n> [ ] [^ - \\d \\b \\1 \\k<n> \\p{L} \\Q \\E {2} {1,3} ^ $ (?i) (?> && \\x41 é".split(
      " ",
    ),
  );
  const pattern = fc.array(part, { maxLength: 10 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(pattern, fc.string({ maxLength: 20 }), (regex, text) => {
      const scope = objectScope({ text, regex });
      const outcome = render("{{ text | regexReplace(regex, '-') }}{{ text | split(regex) }}", { ...ctx, scope });
      if (outcome.ok === false) expect(outcome.problem.message).not.toMatch(/^The expression failed:|native code/);
    }),
    { numRuns: 3000 },
  );
});
