import { type EvalContext, type Outcome, objectScope, type Value } from "#expr/index.ts";
import type { EpochMs, Json } from "#schema/json.ts";
import { TaskFailure } from "./define.ts";

/** The variables of an expression that is evaluated for a row: its fields. Throws a TaskFailure when the row has none. */
export function rowContext(row: Value, number: number, now: EpochMs): EvalContext {
  if (typeof row !== "object" || row === null || Array.isArray(row))
    throw new TaskFailure(`Record ${number} is no map of fields, so that an expression could name one.`);
  // A number that is no JSON number is a value all the same.
  return { scope: objectScope(row as Record<string, unknown>), now, random: () => 0.5 };
}

/** What an expression gave for a row, or why it gave nothing. */
export function rowOutcome<T extends Json>(outcome: Outcome<T>): { value: T } | { problem: string } {
  if (outcome.ok === true) return { value: outcome.value };
  if (outcome.ok === false) return { problem: outcome.problem.message };
  const [lookup] = outcome.lookups;
  throw new TaskFailure(
    `The expression asks the server by \`${lookup?.kind}()\`, which is not possible for each row: keep the answer in a variable of the flow first.`,
  );
}
