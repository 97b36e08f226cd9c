import type { Json, JsonObject } from "#schema/json.ts";
import type { EvalContext, Outcome } from "./context.ts";
import { ExprError, NeedsLookup, overBudget, toProblem } from "./errors.ts";
import { type Lookup, lookupKey } from "./lookups.ts";
import { Run } from "./run.ts";
import { type Sink, TextSink, TypedSink } from "./sink.ts";
import { tryTemplate } from "./template-cache.ts";
import { TemplateRun } from "./template-run.ts";
import { setOwn, toJson } from "./text.ts";
import { utf8Length } from "./utf8.ts";

function hasCode(text: string): boolean {
  return text.includes("{{") || text.includes("{%") || text.includes("{#");
}

/** The template's text. A text without `{{`, `{%` or `{#` is its own result. */
export function render(template: string, ctx: EvalContext): Outcome<string> {
  if (!hasCode(template)) return { ok: true, value: template };
  const run = new Run(ctx);
  const sink = new TextSink(run);
  return evaluate(template, run, sink, () => withinBytes(sink.out, run));
}

/** A template that is a lone `{{ }}` keeps the type of its value; scalars in a row become text. */
export function renderTyped(template: string, ctx: EvalContext): Outcome<Json> {
  if (!hasCode(template)) return { ok: true, value: template };
  const run = new Run(ctx);
  const sink = new TypedSink(run);
  return evaluate(template, run, sink, () => {
    const value = toJson(sink.out, run);
    return typeof value === "string" ? withinBytes(value, run) : value;
  });
}

/** Every text within a value, keys of maps too. What is no text stays as it is. All look-ups are asked for at once. */
export function renderDeep(value: Json, ctx: EvalContext): Outcome<Json> {
  const needs = new Map<string, Lookup>();
  let problem: Extract<Outcome<Json>, { ok: false }> | undefined;
  const text = (template: string): string => {
    if (problem !== undefined) return template;
    const outcome = render(template, ctx);
    if (outcome.ok === true) return outcome.value;
    if (outcome.ok === false) problem = outcome;
    else for (const lookup of outcome.lookups) needs.set(lookupKey(lookup), lookup);
    return template;
  };
  if (nestsDeeper(value, MAX_DEPTH)) {
    const error = overBudget("nested lists and maps", MAX_DEPTH, "render a part of the value instead.");
    return { ok: false, problem: toProblem(error, "") };
  }
  const rendered = deep(value, text);
  if (problem !== undefined) return problem;
  return needs.size > 0 ? { ok: "needs", lookups: [...needs.values()] } : { ok: true, value: rendered };
}

const MAX_DEPTH = 512;

function nestsDeeper(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => nestsDeeper(item, levels - 1));
}

function deep(value: Json, text: (template: string) => string): Json {
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => deep(item, text));
  const map: JsonObject = {};
  for (const [key, item] of Object.entries(value)) setOwn(map, text(key), deep(item, text));
  return map;
}

/** What is false for `condition`, `runIf` and their like: nothing, `false`, `0` and `-0`. */
export function isTruthy(rendered: string | null): boolean {
  return rendered !== null && rendered !== "" && rendered !== "false" && rendered !== "0" && rendered !== "-0";
}

/** X5. Whatever happens, the outcome is a value: a result, a problem with its place, or the look-ups that are missing. */
function evaluate<T>(source: string, run: Run, sink: Sink, result: () => T): Outcome<T> {
  try {
    const template = tryTemplate(source);
    if (template instanceof ExprError) throw template;
    new TemplateRun(run, template, undefined).exec(template.nodes, sink);
    if (!run.isWaiting) return { ok: true, value: result() };
  } catch (error) {
    if (error instanceof NeedsLookup) run.note(error);
    if (!run.isWaiting) return { ok: false, problem: toProblem(asExprError(error, run), source) };
  }
  return { ok: "needs", lookups: run.needs };
}

function asExprError(error: unknown, run: Run): ExprError {
  if (error instanceof ExprError) return error;
  if (error instanceof RangeError) {
    return overBudget(
      "nested levels",
      run.budget.depth,
      "the value or the template is nested too deeply, or too long.",
    );
  }
  if (error instanceof NeedsLookup) return new ExprError("EXPR_FAILED", "A look-up is missing.");
  return new ExprError(
    "EXPR_FAILED",
    `The expression failed: ${error instanceof Error ? error.message : String(error)}`,
  );
}

function withinBytes(text: string, run: Run): string {
  if (text.length * 3 > run.budget.outputBytes) run.size(utf8Length(text));
  return text;
}
