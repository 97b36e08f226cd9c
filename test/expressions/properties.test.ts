import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkTemplate, objectScope, render, renderTyped } from "#expr/index.ts";
import { parseTemplate } from "#expr/parse-template.ts";
import { Double } from "#expr/value.ts";
import { arbitraryExpression, arbitraryTemplate } from "./arbitrary-template.ts";
import { caseFiles } from "./case-files.ts";
import { printExpression, printTemplate } from "./print-template.ts";
import { templateText } from "./run-case.ts";

/** The tree without places and without what is derived from it; texts in a row (a comment stood between them) are one. */
function bare(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(([key, item]) => [key, bare(item)]);
  if (Array.isArray(value)) return joinedTexts(value.map(bare));
  if (typeof value !== "object" || value === null || value instanceof Double) return value;
  const kept = Object.entries(value).filter(([key]) => !["at", "source", "constant"].includes(key));
  return Object.fromEntries(kept.map(([key, item]) => [key, bare(item)]));
}

type Plain = { kind?: unknown; text?: unknown };

function joinedTexts(items: unknown[]): unknown[] {
  const joined: unknown[] = [];
  for (const item of items) {
    const [last, next] = [joined.at(-1), item] as [Plain | undefined, Plain | null];
    if (last?.kind === "text" && next?.kind === "text") {
      joined[joined.length - 1] = { kind: "text", text: `${last.text}${next.text}` };
    } else joined.push(item);
  }
  return joined;
}

const reread = (text: string) => bare(parseTemplate(text));

describe("what is printed is read as it was", () => {
  test("trees of any expression", () => {
    const property = fc.property(arbitraryExpression, (expr) => {
      const template = { nodes: [{ kind: "print", at: 0, value: expr }], macros: new Map(), blocks: new Map() };
      expect(reread(`{{ ${printExpression(expr)} }}`)).toEqual(bare(template));
    });
    fc.assert(property, { numRuns: 2000 });
  });

  test("trees of any template", () => {
    const property = fc.property(arbitraryTemplate, (template) => {
      expect(reread(printTemplate(template))).toEqual(bare(template));
    });
    fc.assert(property, { numRuns: 1000 });
  });

  const templates = Object.entries(caseFiles())
    .filter(([topic]) => topic !== "hostile")
    .flatMap(([, { cases }]) => cases.filter(({ error }) => error?.code !== "EXPR_SYNTAX").map(templateText));
  test.each([...new Set(templates)])("%s", (template) => {
    const tree = parseTemplate(template);
    expect(reread(printTemplate(tree))).toEqual(bare(tree));
  });
});

describe("no template reaches a prototype", () => {
  const PROTOTYPES: object[] = [Object, Array, String, Number, Boolean, BigInt, Function, Map, Error].map(
    ({ prototype }) => prototype as object,
  );
  let touched = 0;
  beforeAll(() => {
    const canary = {
      configurable: true,
      get: () => {
        touched++;
        return "leaked";
      },
    };
    for (const prototype of PROTOTYPES) Object.defineProperty(prototype, "canary", canary);
  });
  afterAll(() => {
    for (const prototype of PROTOTYPES) Reflect.deleteProperty(prototype, "canary");
  });

  const vars = { a: { b2: [1, "x", null] }, b2: "text", _c: 1.5, outputs: { canaries: {} }, été: [{ a: 1 }] };
  const ctx = { scope: objectScope(vars), now: 0, random: () => 0.5, budget: { steps: 20_000 } };

  test("the trap works", () => {
    expect(Reflect.get({}, "canary")).toBe("leaked");
    expect(touched).toBe(1);
  });

  test("whatever it looks like, it gives a value or an error of ours", () => {
    touched = 0;
    const property = fc.property(arbitraryTemplate, (template) => {
      const text = printTemplate(template);
      for (const outcome of [render(text, ctx), renderTyped(text, ctx)]) {
        if (outcome.ok === false) {
          expect(outcome.problem.code).toMatch(/^EXPR_/);
          expect(outcome.problem.message).not.toMatch(/^The expression failed:/);
        }
      }
      checkTemplate(text);
      expect(touched).toBe(0);
    });
    fc.assert(property, { numRuns: 2000 });
  });

  test("the names of filters, functions, tests and arguments are no way either", () => {
    touched = 0;
    const templates = [
      "{{ canary }}",
      "{{ a.canary }}{{ a['canary'] }}",
      "{{ été.canary ?? b2.canary ?? _c.canary }}",
      "{{ 1 | canary }}",
      "{{ canary() }}",
      "{{ 1 is canary }}",
      "{{ 'a' | upper(canary=1) }}",
      "{{ a | jq('.canary, has(\"canary\"), keys') }}",
      "{{ fromJson('{}').canary is defined }}{{ yaml('{}').canary ?? 1 }}{{ fromIon('{}').canary ?? 1 }}",
      "{{ '1' | number('canary') }}",
      "{{ '2024-01-01' | date('canary') }}",
      "{{ '2024-01-01' | date(timeZone='canary') }}",
      "{{ a | default({}) | merge({'b': 1}) | keys }}",
      "{{ block('canary') }}",
      "{% canary %}",
    ];
    for (const template of templates) {
      render(template, ctx);
      checkTemplate(template);
      expect(touched, template).toBe(0);
    }
  });
});
