/** Kestra's template expressions: pure, synchronous, within budgets. See DESIGN.md. */
export { answerTo } from "./answers.ts";
export { catalogue } from "./catalogue.ts";
export { checkTemplate, type Reference, references } from "./check.ts";
export { type Budget, DEFAULT_BUDGET, type EvalContext, type Outcome, objectScope, type Scope } from "./context.ts";
export type { ExprProblem } from "./errors.ts";
export { type Lookup, type LookupAnswer, type LookupKind, lookupKey, sealLookup, unsealLookup } from "./lookups.ts";
export { isTruthy, render, renderDeep, renderTyped } from "./render.ts";
export { Double, type LazyMap, type Value } from "./value.ts";
