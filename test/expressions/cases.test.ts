import { describe, expect, test } from "vitest";
import { catalogue } from "#expr/index.ts";
import { jqBuiltins } from "#expr/jq/index.ts";
import { caseFiles } from "./case-files.ts";
import { type Case, type CaseFile, runCase, templateText } from "./run-case.ts";

const files = caseFiles();

/** One text is the whole message, one that ends in `…` its beginning. */
function expectMessage(message: string, wanted: string): void {
  if (wanted.endsWith("…")) expect(message.slice(0, wanted.length - 1)).toBe(wanted.slice(0, -1));
  else expect(message).toBe(wanted);
}

function check(file: CaseFile, given: Case): void {
  const outcome = runCase(file, given);
  if (given.error !== undefined) {
    if (outcome.ok !== false) throw new Error(`It gives ${JSON.stringify(outcome)} where an error is expected.`);
    const { code, message, line, column } = outcome.problem;
    expect(code).toBe(given.error.code);
    expectMessage(message, given.error.message);
    if (given.error.at !== undefined) expect([line, column]).toEqual(given.error.at);
  } else if (given.needs !== undefined) expect(outcome).toEqual({ ok: "needs", lookups: given.needs });
  else expect(outcome).toEqual({ ok: true, value: given.typed ? given.value : given.text });
}

describe.each(Object.entries(files))("%s", (_, file) => {
  test.each(file.cases)("$name: $template", (given) => check(file, given));
});

test("there are at least 600 cases, and at least 150 hostile ones", () => {
  const counts = Object.values(files).map(({ cases }) => cases.length);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(600);
  expect(files.hostile?.cases.length).toBeGreaterThanOrEqual(150);
});

test("every case expects exactly one thing", () => {
  for (const { cases } of Object.values(files)) {
    for (const given of cases) {
      const wanted = [given.text, given.value, given.needs, given.error].filter((item) => item !== undefined);
      expect(wanted.length, given.name).toBe(1);
      expect(given.value !== undefined, given.name).toBe(given.typed === true && given.error === undefined);
    }
  }
});

test("where Kestra answered otherwise, the case says why", () => {
  const others = Object.values(files).flatMap(({ cases }) => cases.filter(({ older }) => older !== undefined));
  for (const { name, older } of others) expect(older?.why.length, name).toBeGreaterThan(10);
  expect(others.length).toBeGreaterThan(0);
});

/** Templates that are meant to work; what is expected to fail proves nothing about a name. */
const working = Object.values(files).flatMap(({ cases }) =>
  cases.filter(({ error }) => error === undefined).map(templateText),
);
const isUsed = (pattern: RegExp) => working.some((template) => pattern.test(template));
const quoted = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

describe("every name of the dialect has a case that works", () => {
  const named = (entries: readonly { name: string; aliases?: readonly string[] }[]) =>
    entries.flatMap(({ name, aliases = [] }) => [name, ...aliases]);

  test.each(named(catalogue.filters))("the filter %s", (name) => {
    expect(isUsed(new RegExp(`(\\||% filter) *${name}\\b`))).toBe(true);
  });
  test.each(named(catalogue.functions.filter(({ deprecated }) => deprecated === undefined)))(
    "the function %s",
    (name) => {
      expect(isUsed(new RegExp(`\\b${name}\\(`))).toBe(true);
    },
  );
  test.each(named(catalogue.tests))("the test %s", (name) => {
    expect(isUsed(new RegExp(`is (not )?${name}\\b`))).toBe(true);
  });
  test.each(catalogue.operators)("the operator $symbol", ({ symbol }) => {
    expect(isUsed(new RegExp(`[\\s'(\\d{\\])]${quoted(symbol)}[\\s'(\\w\\[-]`))).toBe(true);
  });
  test.each(catalogue.tags)("the tag $name", ({ name }) => {
    expect(isUsed(new RegExp(`{%-? *${name}\\b`))).toBe(true);
  });
});

test.each(jqBuiltins())("jq's %s has a case", (name) => {
  const programs = (files.jq?.cases ?? []).map(templateText);
  expect(programs.some((program) => new RegExp(`(^|[^\\w.$])${name}\\b`).test(program))).toBe(true);
});
