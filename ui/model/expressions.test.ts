import { expect, test } from "vitest";
import { catalogue, DEFAULT_BUDGET } from "#expr/index.ts";
import { expressionDoc, expressionGroups, searchExpressions } from "./expressions.ts";
import { tryExpression, tryWithText } from "./try-expression.ts";

const around = { now: Date.UTC(2026, 0, 2, 12), random: () => 0.5 };
const all = expressionGroups().flatMap(({ entries }) => entries);

test("the reference has every filter, function, test, tag, operator and budget of the interpreter", () => {
  const names = (kind: string) => all.filter((doc) => doc.kind === kind).map(({ name }) => name);
  expect(names("filter")).toEqual(expect.arrayContaining(catalogue.filters.map(({ name }) => name)));
  expect(names("function")).toEqual(expect.arrayContaining(catalogue.functions.map(({ name }) => name)));
  expect(names("test")).toEqual(expect.arrayContaining(catalogue.tests.map(({ name }) => name)));
  expect(names("tag")).toEqual(catalogue.tags.map(({ name }) => name));
  expect(names("operator")).toEqual(catalogue.operators.map(({ symbol }) => symbol));
  expect(names("budget")).toEqual(Object.keys(DEFAULT_BUDGET));
});

test("every entry has a sentence, and a place of its own on the page", () => {
  for (const { description, anchor } of all) expect(description, anchor).toMatch(/^.{4,}[.!?)…]$/s);
  for (const { description, anchor } of all) expect(description, anchor).not.toMatch(/^Above/);
  expect(new Set(all.map(({ anchor }) => anchor)).size).toBe(all.length);
});

test("a signature shows what must be given and what is given when it is left out", () => {
  expect(expressionDoc("filter", "abbreviate")?.signature).toBe("value | abbreviate(length)");
  expect(expressionDoc("filter", "date")?.signature).toMatch(/^value \| date\(format="iso", timeZone=…/);
  expect(expressionDoc("test", "defined")?.signature).toBe("value is defined");
  expect(expressionDoc("function", "uuid")?.signature).toBe("uuid()");
  expect(expressionDoc("tag", "set")?.signature).toBe("{% set … %}");
});

test("every example of the reference has a result when the page evaluates it", () => {
  for (const { examples, anchor } of all)
    for (const template of examples) expect(tryExpression(template, {}, around).kind, anchor).toBe("result");
});

test("an alias finds its entry", () => {
  expect(expressionDoc("filter", "json")?.name).toBe("toJson");
  expect(expressionDoc("filter", "nosuch")).toBeUndefined();
});

test("a search finds by name first, then by what is said; every word counts", () => {
  const found = searchExpressions("upper").flatMap(({ entries }) => entries.map(({ anchor }) => anchor));
  expect(found).toContain("filter.upper");
  const dates = searchExpressions("timezone format").flatMap(({ entries }) => entries.map(({ name }) => name));
  expect(dates).toEqual(expect.arrayContaining(["date", "now"]));
  const filters = searchExpressions("date").find(({ kind }) => kind === "filter")?.entries ?? [];
  expect(filters[0]?.name).toBe("date");
  expect(searchExpressions("no such thing anywhere")).toEqual([]);
  expect(searchExpressions("  ")).toBe(expressionGroups());
});

test("a result has the type that a property would get", () => {
  const typed = (template: string) => tryWithText(template, '{"inputs": {"n": 5, "l": [1]}}', around);
  expect(typed("{{ inputs.n + 1 }}")).toEqual({ kind: "result", text: "6", type: "an integer" });
  expect(typed("{{ inputs.l }}")).toEqual({ kind: "result", text: "[1]", type: "a list" });
  expect(typed("n is {{ inputs.n }}")).toEqual({ kind: "result", text: "n is 5", type: "a string" });
});

test("a problem has its place and the line it is in", () => {
  const tried = tryWithText("a\n{{ inputs.nmae }}", '{"inputs": {"name": 1}}', around);
  expect(tried).toMatchObject({
    kind: "problem",
    problem: { code: "EXPR_UNDEFINED", line: 2, column: 11 },
    excerpt: { text: "{{ inputs.nmae }}", marked: 10 },
  });
});

test("a long line is cut round the place", () => {
  const tried = tryExpression(`${"x".repeat(500)}{{ a | uper }}${"y".repeat(500)}`, { a: 1 }, around);
  if (tried.kind !== "problem") throw new Error("it is wrong");
  const { text, marked } = tried.excerpt;
  expect(text.length).toBeLessThan(100);
  expect(text.slice(marked)).toMatch(/^uper/);
});

test("what asks the server says what it asks", () => {
  expect(tryExpression("{{ kv('a') }}", {}, around)).toEqual({ kind: "asks", calls: ['kv("a")'] });
});

test.each(["{", "[1]", "null", "{'a': 1}"])("the context %s is refused with what is wrong", (context) => {
  expect(tryWithText("{{ 1 }}", context, around)).toMatchObject({ kind: "context", message: /^The context/ });
});
