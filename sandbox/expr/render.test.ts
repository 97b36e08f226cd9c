import { expect, test } from "vitest";
import {
  type EvalContext,
  isTruthy,
  type LookupAnswer,
  lazyMap,
  lookupKey,
  objectScope,
  render,
  renderDeep,
  renderTyped,
} from "./index.ts";

function context(vars: Record<string, unknown>, more: Partial<EvalContext> = {}): EvalContext {
  return { scope: objectScope(vars), now: Date.UTC(2024, 0, 2, 3, 4, 5, 678), random: () => 0.25, ...more };
}
function text(template: string, vars: Record<string, unknown> = {}, more: Partial<EvalContext> = {}): string {
  const outcome = render(template, context(vars, more));
  return outcome.ok === true ? outcome.value : `! ${outcome.ok === false ? outcome.problem.message : "needs"}`;
}

test("text without code is its own result", () => {
  expect(text("a { b } $ %")).toBe("a { b } $ %");
});

test("a problem has the place of what is wrong", () => {
  const outcome = render("ok\n  {{ 1 + inputs.nam }}", context({ inputs: { name: 1 } }));
  expect(outcome).toMatchObject({ ok: false, problem: { code: "EXPR_UNDEFINED", line: 2, column: 17 } });
  expect(outcome.ok === false && outcome.problem.message).toBe(
    "Unable to find `nam` used in the expression `ok\n  {{ 1 + inputs.nam }}` at line 2. Did you mean `name`?",
  );
});

test("an unknown filter is answered with the nearest one", () => {
  expect(text("{{ 1 | jsn }}")).toBe("! Filter [jsn] does not exist. Did you mean `json`?");
});

test("an argument that a filter does not have is refused", () => {
  expect(text("{{ '2024-01-01' | date(timezone='UTC') }}")).toContain("Did you mean `timeZone`?");
});

test("a task id with a dash is told to go into brackets", () => {
  expect(text("{{ outputs.my-task.value }}", { outputs: {} })).toContain("outputs['my-task'].value");
});

test("a lazy map gives its entries by key and is walked only when asked", () => {
  const asked: string[] = [];
  const outputs = lazyMap(
    (key) => {
      asked.push(key);
      return key === "a" ? { value: 1 } : undefined;
    },
    () => ["a"],
  );
  expect(text("{{ outputs.a.value }} {{ outputs.b ?? 'none' }}", { outputs })).toBe("1 none");
  expect(asked).toEqual(["a", "b"]);
  expect(text("{{ outputs }}", { outputs })).toBe('{"a":{"value":1}}');
});

test("integers and doubles print as in Java", () => {
  const numbers =
    "{{ 1.50 }} {{ 2.0 }} {{ 1.0 * 3 }} {{ 10000000.0 }} {{ 0.0001 }} {{ 5 / 2 }} {{ 5.0 / 2 }} {{ -7 / 2 }}";
  expect(text(numbers)).toBe("1.5 2.0 3.0 1.0E7 1.0E-4 2 2.5 -3");
});

test("integers are exact up to 64 bits and wrap round beyond", () => {
  expect(text("{{ 9007199254740993 + 2 }} {{ 9223372036854775807 + 1 }}")).toBe(
    "9007199254740995 -9223372036854775808",
  );
});

test("a variable set within a loop belongs to the loop, one set before is changed", () => {
  expect(
    text("{% set n = 0 %}{% for x in [1,2] %}{% set n = n + x %}{% set m = 1 %}{% endfor %}{{ n }}{{ m ?? '-' }}"),
  ).toBe("3-");
});

test("render goes on until nothing is left to render", () => {
  const vars = { first: 1, second: "{{first}}", third: "{{second}}", list: ["{{third}}", { k: "{{second}}" }] };
  expect(text("{{ third }}", vars)).toBe("{{second}}");
  expect(text("{{ render(third, recursive=false) }}", vars)).toBe("{{first}}");
  expect(text("{{ renderOnce(third) }}", vars)).toBe("{{first}}");
  expect(text("{{ render(third) }}", vars)).toBe("1");
  expect(text("{{ render(list) }}", vars)).toBe('["1",{"k":"1"}]');
});

test("raw text stays as it is through all passes of render", () => {
  expect(text("{{ render(a) }}", { a: "{% raw %}{{ b }}{% endraw %}{{ c }}", c: "{{ d }}", d: 4 })).toBe("{{ b }}4");
  expect(text("x{%raw%}{{ a }}{% endraw -%}  y")).toBe("x{{ a }}y");
});

test("variables that refer to each other end", () => {
  expect(text("{{ render(a) }}", { a: "{{ b }}", b: "{{ a }}" })).toContain("Too many rendering attempts");
});

test("a problem within a rendered variable stands at the call", () => {
  const outcome = render("{{ render(a) }}", context({ a: "\n\n{{ nope }}" }));
  expect(outcome).toMatchObject({ ok: false, problem: { line: 1, column: 4 } });
});

test("typed rendering keeps the type of a lone value", () => {
  const vars = { i: 5, l: [1], m: { a: null } };
  const typed = (template: string) => renderTyped(template, context(vars));
  expect(typed("{{ i }}")).toEqual({ ok: true, value: 5 });
  expect(typed("{{ m }}")).toEqual({ ok: true, value: { a: null } });
  expect(typed("{% if true %}{{ l }}{% endif %}")).toEqual({ ok: true, value: [1] });
  expect(typed("{{ null }}")).toEqual({ ok: true, value: null });
  expect(typed("{{ i }}{{ true }}")).toEqual({ ok: true, value: "5true" });
  expect(typed("{{ l }}x")).toMatchObject({ ok: false, problem: { code: "EXPR_TYPE" } });
});

test("deep rendering changes texts and keys and nothing else", () => {
  const value = { "k{{ i }}": ["{{ i }}", 1, null, true, { a: "x" }] };
  expect(renderDeep(value, context({ i: 5 }))).toEqual({ ok: true, value: { k5: ["5", 1, null, true, { a: "x" }] } });
});

test("[X4] look-ups that are missing are asked for together, one for each print", () => {
  const template = "{{ kv('a') }}{{ secret('b') ~ secret('c') }}{{ read('f.txt') }}";
  const flow = { namespace: "n" };
  const outcome = render(template, context({ flow }));
  expect(outcome).toEqual({
    ok: "needs",
    lookups: [
      { kind: "kv", args: { key: "a", namespace: "n" } },
      { kind: "secret", args: { key: "b", namespace: "n" } },
      { kind: "read", args: { path: "f.txt", namespace: "n" } },
    ],
  });
});

test("answers of look-ups are values, errors or nothing", () => {
  const answer = (kind: "kv" | "secret", key: string, value: LookupAnswer): [string, LookupAnswer] => [
    lookupKey({ kind, args: { namespace: "n", key } }),
    value,
  ];
  const lookups = new Map([
    answer("kv", "a", { ok: true, value: { b: 1 } }),
    answer("kv", "none", { ok: true, value: null }),
    answer("secret", "s", { ok: false, message: "Not allowed." }),
    answer("secret", "none", { ok: true, value: null }),
  ]);
  const given = (template: string) => text(template, { flow: { namespace: "n" } }, { lookups });
  expect(given("{{ kv('a').b }}")).toBe("1");
  expect(given("{{ kv('none') }}")).toBe("! The key 'none' does not exist in the namespace 'n'.");
  expect(given("{{ kv('none', errorOnMissing=false) ?? 'z' }}")).toBe("z");
  expect(given("{{ secret('s') }}")).toBe("! Not allowed.");
  expect(given("{{ secret('none') }}")).toBe("! Cannot find secret for key 'none'.");
});

test("deep rendering asks for all look-ups at once", () => {
  const outcome = renderDeep(["{{ kv('a') }}", { x: "{{ kv('b') }}" }, "{{ kv('a') }}"], context({}));
  expect(outcome).toMatchObject({ ok: "needs", lookups: [{ args: { key: "a" } }, { args: { key: "b" } }] });
});

test("the time and the random numbers are those of the context", () => {
  expect(text("{{ now('yyyy-MM-dd HH:mm:ss.SSS') }} {{ randomInt(0, 8) }}")).toBe("2024-01-02 03:04:05.678 2");
  expect(text("{{ now('HH:mm', timeZone='Asia/Tokyo') }}")).toBe("12:04");
  expect(text("{{ uuid() }}")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("currentEachOutput walks through the values of the loops around", () => {
  const vars = {
    outputs: { first: { a: { b: { value: 7 } } } },
    taskrun: { value: "b" },
    parents: [{ taskrun: { value: "a" } }],
  };
  expect(text("{{ currentEachOutput(outputs.first).value }}", vars)).toBe("7");
});

test("tasksWithState lists the runs of loops with their value", () => {
  const tasks = { one: { state: "FAILED" }, each: { a: { state: "SUCCESS" }, b: { state: "FAILED" } } };
  expect(text("{{ tasksWithState('failed') }}", { tasks })).toBe(
    '[{"taskId":"one","state":"FAILED"},{"taskId":"each","state":"FAILED","value":"b"}]',
  );
});

test("fileURI keeps within the namespace", () => {
  const flow = { namespace: "my.namespace" };
  expect(text("{{ fileURI('test') }}", { flow })).toBe("kestra:///my/namespace/_files/test");
  expect(text("{{ fileURI('../x') }}", { flow })).toContain("must not contain");
});

test("Ion is written and read", () => {
  expect(text("{{ ['string', 1, '1.123' | number('FLOAT')] | toIon }}")).toBe('["string",1,1.1230000257492065e0]');
  expect(text("{{ {'empty_object': {}} | toIon }} {{ null | toIon }}")).toBe("{empty_object:{}} null");
  expect(text("{{ fromIon('{date:2024-04-21T23:00:00.000Z, title:\"Main_Page\",views:109787}').title }}")).toBe(
    "Main_Page",
  );
  expect(text("{{ fromIon('[1, 2.5e0, sym, {{ aGk= }}, a::true, null.int]') }}")).toBe(
    '[1,2.5,"sym","aGk=",true,null]',
  );
});

test("YAML is written with nested lists, maps and long texts", () => {
  const value = { a: [1, { b: "x: y", c: [] }], t: "one\ntwo\n", e: "" };
  expect(text("{{ v | yaml }}", { v: value })).toBe('a:\n - 1\n - b: "x: y"\n   c: []\nt: |\n  one\n  two\ne: ""\n');
});

test.each([
  [null, false],
  ["", false],
  ["false", false],
  ["0", false],
  ["-0", false],
  ["False", true],
  ["null", true],
  [" ", true],
  ["0.0", true],
])("the rendered condition %j is %s", (rendered, truth) => {
  expect(isTruthy(rendered)).toBe(truth);
});

test.each([
  ["{{ x.y.z ?? 1 }}", "1"],
  ["{{ x ??? 1 }}", "1"],
  ["{{ (x.y | upper) ?? 1 }}", "1"],
  ["{{ x.y[z] | default(1) }}", "1"],
  ["{{ x.y is defined }}", "false"],
])("[X2] %s forgives what is not there", (template, expected) => {
  expect(text(template)).toBe(expected);
});

test.each([
  [1.5e-10, "1.5E-10"],
  [-1.5e-10, "-1.5E-10"],
  [5e-324, "5.0E-324"],
  [1.5e300, "1.5E300"],
])("the number %d is printed as %s", (x, expected) => {
  expect(text("{{ x }}", { x })).toBe(expected);
});

test("a very small number has a format too", () => {
  expect(text("{{ x | numberFormat('0.000000000000') }}", { x: 1.5e-10 })).toBe("0.000000000150");
});

test("[X3] every node costs a step", () => {
  const outcome = render("{{ 1 + 2 + 3 }}", context({}, { budget: { steps: 4 } }));
  expect(outcome).toMatchObject({ ok: false, problem: { code: "EXPR_BUDGET" } });
  expect(text("{{ 1 + 2 + 3 }}", {}, { budget: { steps: 5 } })).toBe("6");
});
