import * as z from "zod";
import { parseDuration } from "#schema/duration.ts";
import { State } from "#schema/state.ts";
import { parseInstant } from "#schema/time.ts";
import {
  type Condition,
  FILTER_OPS,
  type FilterOp,
  MAX_FILTER_VALUES,
  MAX_PAGE_SIZE,
  type Paging,
} from "./db/filter.ts";
import { HttpError, illegalArgument } from "./http-error.ts";
import type { AppContext } from "./route.ts";

// Query strings of lists: the flat parameters of Kestra 0.x, and `filters[field][OP]=value` of 1.x. Both may be mixed; all must hold.

export const PagingQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1).describe("Page, from 1"),
  size: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(10).describe("Results on a page"),
  sort: z.array(z.string()).optional().describe("`field:asc` or `field:desc`"),
});

const texts = z.array(z.string()).max(MAX_FILTER_VALUES).optional();

export const ExecutionFilterQuery = z.object({
  q: z.string().max(500).optional().describe("Words in the id, namespace or flow"),
  scope: texts.describe("USER or SYSTEM"),
  namespace: z.string().optional().describe("The namespace and those below it; exact beside `flowId`"),
  flowId: z.string().optional(),
  startDate: z.string().optional().describe("Started at or after"),
  endDate: z.string().optional().describe("Ended at or before"),
  timeRange: z.string().optional().describe("ISO-8601 duration back from now"),
  state: z.array(State).max(MAX_FILTER_VALUES).optional(),
  labels: texts.describe("`key:value`, all must match"),
  triggerExecutionId: z.string().optional(),
  childFilter: z.enum(["CHILD", "MAIN"]).optional(),
});

export const FlowFilterQuery = z.object({
  q: z.string().max(500).optional().describe("Words in the id or namespace"),
  scope: texts.describe("USER or SYSTEM"),
  namespace: z.string().optional().describe("The namespace and those below it"),
  labels: texts.describe("`key:value`, all must match"),
});

export function pagingOf(given: z.infer<typeof PagingQuery>, fields: readonly string[]): Paging {
  const sort = (given.sort ?? []).slice(0, 5).map((text) => {
    const [field = "", direction, ...rest] = text.split(":");
    if (direction === undefined || rest.length > 0)
      throw new HttpError(422, `Invalid sort parameter: '${text}' is not field:asc or field:desc`);
    if (!fields.includes(field))
      throw new HttpError(422, `Invalid sort parameter: '${field}' is none of ${fields.join(", ")}`);
    return { field, descending: direction.toLowerCase() !== "asc" };
  });
  return { page: given.page, size: given.size, sort };
}

export function executionConditions(given: z.infer<typeof ExecutionFilterQuery>, now: number): Condition[] {
  const { flowId, namespace, startDate, endDate, timeRange, state, triggerExecutionId, childFilter } = given;
  const conditions = commonConditions({ ...given, namespace: undefined });
  if (namespace) conditions.push({ field: "namespace", op: flowId ? "EQUALS" : "PREFIX", values: [namespace] });
  if (flowId) conditions.push({ field: "flowId", op: "EQUALS", values: [flowId] });
  if (state && state.length > 0) conditions.push({ field: "state", op: "IN", values: state });
  if (triggerExecutionId) conditions.push({ field: "triggerExecutionId", op: "EQUALS", values: [triggerExecutionId] });
  if (childFilter) conditions.push({ field: "child", child: childFilter === "CHILD" });
  if (startDate && timeRange) throw illegalArgument("Parameters 'startDate' and 'timeRange' are mutually exclusive");
  if (startDate && endDate && dateOf(startDate) > dateOf(endDate)) {
    throw illegalArgument("Start date must be before End Date");
  }
  if (startDate) conditions.push({ field: "startAt", op: "GREATER_THAN_OR_EQUAL_TO", value: dateOf(startDate) });
  if (endDate) conditions.push({ field: "endAt", op: "LESS_THAN_OR_EQUAL_TO", value: dateOf(endDate) });
  if (timeRange) conditions.push(rangeCondition(timeRange, now));
  return conditions;
}

export function flowConditions(given: z.infer<typeof FlowFilterQuery>): Condition[] {
  return commonConditions(given);
}

function commonConditions(given: z.infer<typeof FlowFilterQuery>): Condition[] {
  const conditions: Condition[] = [];
  if (given.q) conditions.push({ field: "q", text: given.q });
  const scopes = new Set(given.scope ?? []);
  if (scopes.size === 1) conditions.push(scopeCondition([...scopes][0] ?? ""));
  if (given.namespace) conditions.push({ field: "namespace", op: "PREFIX", values: [given.namespace] });
  for (const label of given.labels ?? []) {
    const { key, value } = parseLabel(label);
    conditions.push({ field: "label", op: "EQUALS", key, value });
  }
  return conditions;
}

/** `key:value` as clients send labels. */
export function parseLabel(text: string): { key: string; value: string } {
  const at = text.indexOf(":");
  if (at < 1) throw new HttpError(422, `Invalid queryString parameter: the label '${text}' is not key:value`);
  return { key: text.slice(0, at), value: text.slice(at + 1).trim() };
}

function scopeCondition(scope: string): Condition {
  if (scope !== "USER" && scope !== "SYSTEM") throw illegalArgument(`'${scope}' is no scope: use USER or SYSTEM`);
  return { field: "scope", scope };
}

function rangeCondition(text: string, now: number): Condition {
  const rangeMs = parseDuration(text);
  if (rangeMs === undefined) throw illegalArgument(`'${text}' is no ISO-8601 duration, such as PT24H`);
  return { field: "startAt", op: "GREATER_THAN_OR_EQUAL_TO", value: now - Math.abs(rangeMs) };
}

/** A date of the API in ms: with an offset or `Z`, or without one in UTC; seconds may be left out. */
export function dateOf(text: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text.slice(10)) ? text : `${text}Z`;
  const at = parseInstant(zoned.replace(" ", "+"));
  if (at === undefined) throw illegalArgument(`'${text}' is no date, such as 2026-01-31T08:00:00Z`);
  return at;
}

const FILTER = /^filters\[(\w+)\]\[(\w+)\](?:\[(.+)\])?$/;
const TEXT_FIELDS = {
  namespace: "namespace",
  flowId: "flowId",
  state: "state",
  triggerId: "triggerId",
  triggerExecutionId: "triggerExecutionId",
} as const;

/** Conditions of `filters[field][OP]=value`; `fields` are those of the resource. Throws 422 for what is not known. */
export function filterConditions(c: AppContext, fields: readonly string[], now: number): Condition[] {
  const conditions: Condition[] = [];
  if (!c.req.url.includes("filters")) return conditions;
  for (const [name, values] of Object.entries(c.req.queries())) {
    const match = FILTER.exec(name);
    const [, field = "", op = "", key] = match ?? [];
    if (!match) continue;
    if (!fields.includes(field)) {
      throw new HttpError(
        422,
        `Invalid query filters: Field ${field} is not supported. Supported fields are ${fields.join(", ")}`,
      );
    }
    for (const value of values) conditions.push(filterCondition({ field, op: opOf(field, op), key, value, now }));
  }
  if (conditions.length > 20) throw new HttpError(422, "Invalid query filters: at most 20 filters");
  return conditions;
}

function opOf(field: string, op: string): FilterOp {
  const found = FILTER_OPS.find((name) => name === op);
  if (found) return found;
  throw new HttpError(
    422,
    `Invalid query filters: Operation ${op} is not supported for field ${field}. Supported operations are ${FILTER_OPS.join(", ")}`,
  );
}

type Filter = { field: string; op: FilterOp; key: string | undefined; value: string; now: number };

function filterCondition({ field, op, key, value, now }: Filter): Condition {
  switch (field) {
    case "q":
      return { field: "q", text: value };
    case "scope":
      return scopeCondition(op === "NOT_EQUALS" ? (value === "USER" ? "SYSTEM" : "USER") : value);
    case "childFilter":
      return { field: "child", child: (value === "CHILD") === (op !== "NOT_EQUALS") };
    case "timeRange":
      return rangeCondition(value, now);
    case "startDate":
    case "endDate":
      return { field: field === "startDate" ? "startAt" : "endAt", op, value: dateOf(value) };
    case "labels": {
      const label = key === undefined ? parseLabel(value) : { key, value };
      return { field: "label", op: op === "NOT_EQUALS" || op === "CONTAINS" ? op : "EQUALS", ...label };
    }
    default: {
      if (!Object.hasOwn(TEXT_FIELDS, field))
        throw new HttpError(422, `Invalid query filters: Field ${field} is not supported`);
      return { field: TEXT_FIELDS[field as keyof typeof TEXT_FIELDS], op, values: valuesOf(op, value) };
    }
  }
}

function valuesOf(op: FilterOp, value: string): string[] {
  if (op !== "IN" && op !== "NOT_IN") return [value];
  const values = value
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((entry) => entry.trim());
  if (values.length > MAX_FILTER_VALUES)
    throw new HttpError(422, `Invalid query filters: at most ${MAX_FILTER_VALUES} values`);
  return values;
}
