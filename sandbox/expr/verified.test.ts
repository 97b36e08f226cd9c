import { expect, test } from "vitest";
import verified from "../../test/expressions/verified.json" with { type: "json" };
import { type EvalContext, objectScope, render, renderTyped } from "./index.ts";
import { EXCEPTIONS } from "./verified-exceptions.ts";

type Case = { group: string; template: string; typed?: boolean; text?: string; value?: unknown; error?: string };

const ctx: EvalContext = {
  scope: objectScope(verified.context),
  now: Date.UTC(2024, 0, 1),
  random: () => 0.5,
  timeZone: "UTC",
};

test.each(verified.cases as Case[])("$group: $template gives what Kestra gives", (given) => {
  const expected = EXCEPTIONS.find((item) => item.template === given.template) ?? given;
  const outcome = given.typed ? renderTyped(given.template, ctx) : render(given.template, ctx);
  if (expected.error !== undefined) {
    expect(outcome).toMatchObject({ ok: false });
    if (outcome.ok === false) expect(outcome.problem.message).toContain(expected.error);
    if (outcome.ok === false) expect(outcome.problem.message.startsWith(expected.error)).toBe(true);
  } else expect(outcome).toEqual({ ok: true, value: given.typed ? expected.value : expected.text });
});

test("every exception belongs to a verified case and says why", () => {
  const templates = new Set(verified.cases.map((item) => item.template));
  for (const { template, reason } of EXCEPTIONS) {
    expect(templates.has(template)).toBe(true);
    expect(reason.length).toBeGreaterThan(10);
  }
});
