import { type EvalContext, type ExprProblem, type Lookup, objectScope, render, renderTyped } from "#expr/index.ts";
import { isJsonObject } from "#schema/conform.ts";
import { typeName } from "#schema/describe.ts";
import type { Json, JsonObject } from "#schema/json.ts";

// An expression evaluated in the page, by the interpreter that runs in the server.

/** The time and random numbers of an evaluation. */
export type Around = Pick<EvalContext, "now" | "random">;

export type Tried =
  /** `type`: of the value, where a property keeps it. */
  | { kind: "result"; text: string; type: string }
  | { kind: "problem"; problem: ExprProblem; excerpt: Excerpt }
  /** It asks the server, which the page is not. */
  | { kind: "asks"; calls: readonly string[] }
  | { kind: "context"; message: string };

/** The line with the problem, cut so that the place is in sight. `marked` counts from 0. */
export type Excerpt = { text: string; marked: number };

const EXCERPT_BEFORE = 40;
const EXCERPT_LENGTH = 90;

export function tryExpression(template: string, context: JsonObject, around: Around): Tried {
  const ctx: EvalContext = { ...around, scope: objectScope(context) };
  const text = render(template, ctx);
  if (text.ok === "needs") return { kind: "asks", calls: text.lookups.map(callOf) };
  if (!text.ok) return { kind: "problem", problem: text.problem, excerpt: excerptOf(template, text.problem) };
  const typed = renderTyped(template, ctx);
  return { kind: "result", text: text.value ?? "", type: typed.ok === true ? typeName(typed.value) : "a string" };
}

/** As `tryExpression`, with the context as somebody writes it. */
export function tryWithText(template: string, context: string, around: Around): Tried {
  let parsed: Json;
  try {
    parsed = context.trim() === "" ? {} : JSON.parse(context);
  } catch (error) {
    return { kind: "context", message: `The context is not JSON: ${error instanceof Error ? error.message : error}` };
  }
  if (!isJsonObject(parsed)) return { kind: "context", message: "The context must be a map: { … }" };
  return tryExpression(template, parsed, around);
}

function callOf({ kind, args }: Lookup): string {
  return `${kind}(${Object.values(args)
    .map((value) => JSON.stringify(value))
    .join(", ")})`;
}

function excerptOf(template: string, { line, column }: ExprProblem): Excerpt {
  const whole = template.split("\n")[line - 1] ?? "";
  const from = Math.max(0, column - 1 - EXCERPT_BEFORE);
  const text = whole.slice(from, from + EXCERPT_LENGTH);
  const before = from > 0 ? "…" : "";
  const after = from + EXCERPT_LENGTH < whole.length ? "…" : "";
  return { text: before + text + after, marked: column - 1 - from + before.length };
}
