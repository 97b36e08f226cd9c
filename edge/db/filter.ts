/** What a list is narrowed by: all conditions must hold. Values are data, never SQL. */
export const FILTER_OPS = [
  "EQUALS",
  "NOT_EQUALS",
  "IN",
  "NOT_IN",
  "CONTAINS",
  "STARTS_WITH",
  "ENDS_WITH",
  "PREFIX",
  "GREATER_THAN",
  "GREATER_THAN_OR_EQUAL_TO",
  "LESS_THAN",
  "LESS_THAN_OR_EQUAL_TO",
] as const;
export type FilterOp = (typeof FILTER_OPS)[number];

export type TextField = "namespace" | "flowId" | "state" | "triggerId" | "triggerExecutionId" | "id";

export type Condition =
  | { field: TextField; op: FilterOp; values: readonly string[] }
  | { field: "startAt" | "endAt"; op: FilterOp; value: number }
  | { field: "label"; op: "EQUALS" | "NOT_EQUALS" | "CONTAINS"; key: string; value: string }
  /** Each word is in the id, the namespace or the flow id. */
  | { field: "q"; text: string }
  /** USER: not the system namespace; SYSTEM: only it. */
  | { field: "scope"; scope: "USER" | "SYSTEM" }
  | { field: "child"; child: boolean };

export const SYSTEM_NAMESPACE = "system";

export type Sort = { field: string; descending: boolean };
/** `page` counts from 1. */
export type Paging = { page: number; size: number; sort: readonly Sort[] };
export type Page<T> = { results: T[]; total: number };

/** Largest page; and the most values that one condition may have, for the database takes 100 parameters a query. */
export const MAX_PAGE_SIZE = 1000;
export const MAX_FILTER_VALUES = 40;
