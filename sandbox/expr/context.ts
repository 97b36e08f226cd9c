import type { EpochMs } from "#schema/json.ts";
import type { ExprProblem } from "./errors.ts";
import type { Lookup, LookupAnswer } from "./lookups.ts";

/** The root variables of a template. */
export interface Scope {
  /** The variable's value; undefined when it is not defined. */
  get(name: string): unknown;
  keys(): Iterable<string>;
}

export function objectScope(vars: Record<string, unknown>): Scope {
  return {
    get: (name) => (Object.hasOwn(vars, name) ? vars[name] : undefined),
    keys: () => Object.keys(vars),
  };
}

/** What one evaluation may use. Each limit has its own error, all with the code EXPR_BUDGET. */
export type Budget = {
  /** Operations; larger pieces of work count as several. */
  steps: number;
  /** Length of the result and of every text on the way, in UTF-8 bytes (texts on the way: UTF-16 units). */
  outputBytes: number;
  /** `render` in `render`, macros in macros. */
  depth: number;
  /** Turns of all `{% for %}` loops together. */
  loopTurns: number;
  /** Moves of all regular expressions together. */
  regexSteps: number;
};
export const DEFAULT_BUDGET: Budget = {
  steps: 1_000_000,
  outputBytes: 4 * 1024 * 1024,
  depth: 64,
  loopTurns: 100_000,
  regexSteps: 1_000_000,
};

export interface EvalContext {
  scope: Scope;
  /** Answers of the outside world by `lookupKey`. */
  lookups?: ReadonlyMap<string, LookupAnswer>;
  now: EpochMs;
  /** A number in [0, 1). */
  random: () => number;
  budget?: Partial<Budget>;
  /** IANA name; UTC when left out. */
  timeZone?: string;
}

export type Outcome<T> =
  | { ok: true; value: T }
  | { ok: false; problem: ExprProblem }
  | { ok: "needs"; lookups: Lookup[] };
