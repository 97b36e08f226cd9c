/** Kestra's template expressions: pure, synchronous, within budgets. See DESIGN.md. */
export { answerTo } from "./answers.ts";
export { catalogue } from "./catalogue.ts";
export { checkTemplate, type MissingName, missingNames, type Reference, references } from "./check.ts";
export { type Budget, DEFAULT_BUDGET, type EvalContext, type Outcome, objectScope, type Scope } from "./context.ts";
export { formatDate } from "./dates/format-date.ts";
export type { ExprProblem } from "./errors.ts";
export { IonError, type IonItem, type IonPiece, parseIon, parseIonPiece } from "./ion/read.ts";
export { type Lookup, type LookupAnswer, type LookupKind, lookupKey, sealLookup, unsealLookup } from "./lookups.ts";
export { isNumber, numberText, toFloat } from "./numbers.ts";
export { isTruthy, render, renderDeep, renderTyped } from "./render.ts";
export { ionText, toJson, yamlText } from "./unmetered.ts";
export { Double, type LazyMap, lazyMap, type Value } from "./value.ts";
export { parseYaml } from "./yaml-text.ts";
