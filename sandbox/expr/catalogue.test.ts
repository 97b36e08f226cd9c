import { expect, test } from "vitest";
import { catalogue, objectScope, render } from "./index.ts";

const ctx = { scope: objectScope({}), now: Date.UTC(2024, 0, 1, 12), random: () => 0.5 };

const examples = [...catalogue.filters, ...catalogue.functions, ...catalogue.tests].flatMap(({ name, examples }) =>
  examples.map(([template, text]) => ({ name, template, text })),
);
const syntax = [...catalogue.operators, ...catalogue.tags].map(({ example: [template, text] }) => ({ template, text }));

test.each(examples)("the example of $name, $template, renders as it says", ({ template, text }) => {
  expect(render(template, ctx)).toEqual({ ok: true, value: text });
});

test.each(syntax)("the example $template renders as it says", ({ template, text }) => {
  expect(render(template, ctx)).toEqual({ ok: true, value: text });
});

test("every entry has a description, and arguments have one too", () => {
  for (const { name, description, args = [] } of [...catalogue.filters, ...catalogue.functions, ...catalogue.tests]) {
    expect(description, name).not.toBe("");
    for (const arg of args) expect(arg.description, `${name}.${arg.name}`).not.toBe("");
  }
});
