import * as z from "zod";

/** A place in a text: both 1-based, columns in UTF-16 units. */
export const Position = z.object({ line: z.int().positive(), column: z.int().positive() });
export type Position = z.infer<typeof Position>;

/** Everything a user can get wrong. Codes are for ever: never renamed, never reused. */
export const PROBLEM_CODES = [
  "YAML_SYNTAX",
  "YAML_LIMIT",
  "MISSING_PROPERTY",
  "INVALID_VALUE",
  "UNKNOWN_PROPERTY",
  "UNKNOWN_TYPE",
  "DUPLICATE_ID",
  "UNKNOWN_REFERENCE",
  "CYCLE",
  "INVALID_INPUT",
  "MISSING_INPUT",
  "EXPR_SYNTAX",
  "EXPR_UNDEFINED",
  "EXPR_TYPE",
  "EXPR_UNKNOWN_NAME",
  "EXPR_ARGUMENT",
  "EXPR_BUDGET",
  "EXPR_FAILED",
  "DEPRECATED",
  "TYPE_NOT_RUN",
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/**
 * One thing that is wrong with what a user wrote: collected and returned, never thrown.
 * `path` is the property's path (`tasks[0].uri`), empty for the document. `message` says what is wrong and the cure.
 */
export type Problem = {
  code: ProblemCode;
  message: string;
  path: string;
  at?: Position;
  /** `error` when left out: it refuses the document. Warnings and infos never do. */
  severity?: "error" | "warning" | "info";
};
