import {
  and,
  eq,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  ne,
  not,
  notInArray,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import { assertNever } from "#schema/assert-never.ts";
import { type Condition, type FilterOp, SYSTEM_NAMESPACE } from "./filter.ts";

/** The columns of a table that conditions may name. A condition on a field without a column holds for no row. */
export type FilterColumns = {
  namespace: SQLiteColumn;
  flowId: SQLiteColumn;
  id: SQLiteColumn;
  labels: SQLiteColumn;
  state?: SQLiteColumn;
  triggerId?: SQLiteColumn;
  triggerExecutionId?: SQLiteColumn;
  startAt?: SQLiteColumn;
  endAt?: SQLiteColumn;
};

const NEVER = sql`0`;

/** All conditions as one, or undefined when there are none. */
export function allOf(columns: FilterColumns, conditions: readonly Condition[]): SQL | undefined {
  return and(...conditions.map((condition) => toSql(columns, condition)));
}

function toSql(columns: FilterColumns, condition: Condition): SQL {
  switch (condition.field) {
    case "q":
      return wordsIn(columns, condition.text);
    case "scope":
      return condition.scope === "SYSTEM"
        ? eq(columns.namespace, SYSTEM_NAMESPACE)
        : ne(columns.namespace, SYSTEM_NAMESPACE);
    case "child":
      if (!columns.triggerExecutionId) return NEVER;
      return condition.child ? isNotNull(columns.triggerExecutionId) : isNull(columns.triggerExecutionId);
    case "label":
      return labelSql(columns.labels, condition);
    case "startAt":
    case "endAt": {
      const column = columns[condition.field];
      return column ? numberSql(column, condition.op, condition.value) : NEVER;
    }
    case "namespace":
    case "flowId":
    case "state":
    case "triggerId":
    case "triggerExecutionId":
    case "id": {
      const column = columns[condition.field];
      return column ? textSql(column, condition.op, condition.values) : NEVER;
    }
    default:
      return assertNever(condition);
  }
}

// `instr` and not LIKE: patterns of the platform's LIKE may have 50 bytes.
function contains(column: SQLiteColumn, text: string): SQL {
  return sql`instr(lower(${column}), ${text.toLowerCase()}) > 0`;
}

function wordsIn({ id, namespace, flowId }: FilterColumns, text: string): SQL {
  const words = text
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "*")
    .slice(0, 10);
  return all(words.map((word) => any([contains(id, word), contains(namespace, word), contains(flowId, word)])));
}

function all(conditions: SQL[]): SQL {
  return and(...conditions) ?? sql`1`;
}

function any(conditions: SQL[]): SQL {
  return or(...conditions) ?? NEVER;
}

function textSql(column: SQLiteColumn, op: FilterOp, values: readonly string[]): SQL {
  const [value = ""] = values;
  switch (op) {
    case "EQUALS":
      return eq(column, value);
    case "NOT_EQUALS":
      return any([ne(column, value), isNull(column)]);
    case "IN":
      return inArray(column, [...values]);
    case "NOT_IN":
      return any([notInArray(column, [...values]), isNull(column)]);
    case "CONTAINS":
      return contains(column, value);
    case "STARTS_WITH":
      return sql`substr(${column}, 1, length(${value})) = ${value}`;
    case "ENDS_WITH":
      return sql`substr(${column}, -length(${value})) = ${value}`;
    case "PREFIX":
      // A range and not a pattern, so that the index serves it: `/` follows `.` in ASCII.
      return any([eq(column, value), all([gt(column, `${value}.`), lt(column, `${value}/`)])]);
    case "GREATER_THAN":
      return gt(column, value);
    case "GREATER_THAN_OR_EQUAL_TO":
    case "LESS_THAN":
    case "LESS_THAN_OR_EQUAL_TO":
      return NEVER;
    default:
      return assertNever(op);
  }
}

function numberSql(column: SQLiteColumn, op: FilterOp, value: number): SQL {
  switch (op) {
    case "EQUALS":
      return eq(column, value);
    case "NOT_EQUALS":
      return ne(column, value);
    case "GREATER_THAN":
      return gt(column, value);
    case "GREATER_THAN_OR_EQUAL_TO":
      return gte(column, value);
    case "LESS_THAN":
      return lt(column, value);
    case "LESS_THAN_OR_EQUAL_TO":
      return lte(column, value);
    default:
      return NEVER;
  }
}

function labelSql(labels: SQLiteColumn, { op, key, value }: Extract<Condition, { field: "label" }>): SQL {
  const matches =
    op === "CONTAINS" ? sql`instr(value ->> '$.value', ${value}) > 0` : sql`value ->> '$.value' = ${value}`;
  const has = sql`exists (select 1 from json_each(${labels}) where value ->> '$.key' = ${key} and ${matches})`;
  return op === "NOT_EQUALS" ? not(has) : has;
}
