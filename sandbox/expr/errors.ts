import type { ProblemCode } from "#schema/problem.ts";

import type { Lookup } from "./lookups.ts";

/** The part of the problem codes that an expression can have. */
export type ExprCode = Extract<ProblemCode, `EXPR_${string}`>;

/**
 * What is wrong with a template: `line` and `column` are 1-based within the template, columns in UTF-16 units. `property`: the path of
 * the property that it stands in, of those that stand in one.
 */
export type ExprProblem = { code: ExprCode; message: string; line: number; column: number; property?: string };

/** Thrown inside the interpreter only; the public face turns it into an ExprProblem. `at` is an offset in the template. */
export class ExprError extends Error {
  readonly code: ExprCode;
  at: number | undefined;
  /** A variable or attribute is not there: what `??`, `default` and `is defined` forgive. */
  readonly notFound: boolean;
  constructor(code: ExprCode, message: string, at?: number, notFound = false) {
    super(message);
    this.code = code;
    this.at = at;
    this.notFound = notFound;
  }
}

/** Thrown when answers of the outside world are missing. */
export class NeedsLookup extends Error {
  readonly lookups: readonly Lookup[];
  constructor(lookups: readonly Lookup[]) {
    super("A look-up is missing.");
    this.lookups = lookups;
  }
}

export function typeError(message: string): ExprError {
  return new ExprError("EXPR_TYPE", message);
}
export function argumentError(message: string): ExprError {
  return new ExprError("EXPR_ARGUMENT", message);
}
export function failure(message: string): ExprError {
  return new ExprError("EXPR_FAILED", message);
}
export function overBudget(what: string, limit: number, cure: string): ExprError {
  return new ExprError("EXPR_BUDGET", `The expression goes over its limit of ${limit} ${what}: ${cure}`);
}

/** An error that knows no place gets this one. */
export function locate(error: unknown, at: number): unknown {
  if (error instanceof ExprError) error.at ??= at;
  return error;
}

/** Line and column (1-based) of an offset. */
export function placeOf(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, Math.max(0, offset));
  const lastBreak = before.lastIndexOf("\n");
  let line = 1;
  for (let i = before.indexOf("\n"); i >= 0; i = before.indexOf("\n", i + 1)) line++;
  return { line, column: before.length - lastBreak };
}

export function toProblem(error: ExprError, source: string): ExprProblem {
  return { code: error.code, message: error.message, ...placeOf(source, error.at ?? 0) };
}
