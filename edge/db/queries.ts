import {
  and,
  asc,
  count,
  desc,
  eq,
  fillPlaceholders,
  getTableColumns,
  isNotNull,
  isNull,
  lt,
  notInArray,
  type SQL,
  sql,
} from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { SqliteRemoteDatabase } from "drizzle-orm/sqlite-proxy";
import { allOf } from "./conditions.ts";
import type { Condition, Page, Paging } from "./filter.ts";
import { executions, flows, triggers } from "./schema.ts";

// Every statement that the projection runs, written once for all databases. Each takes at most 100 parameters.

export type Database = SqliteRemoteDatabase;
export type ExecutionRow = typeof executions.$inferSelect;
export type FlowRow = typeof flows.$inferSelect;
export type TriggerRow = typeof triggers.$inferSelect;

const EXECUTION_SORTS: Readonly<Record<string, SQLiteColumn>> = {
  id: executions.id,
  "state.startDate": executions.startAt,
  "state.endDate": executions.endAt,
  "state.duration": executions.durationMs,
  "state.current": executions.state,
  namespace: executions.namespace,
  flowId: executions.flowId,
};

const FLOW_SORTS: Readonly<Record<string, SQLiteColumn>> = {
  id: flows.id,
  namespace: flows.namespace,
  revision: flows.revision,
  description: flows.description,
  updated: flows.updatedAt,
};

/** Names by which lists can be sorted. */
export const SORT_FIELDS = { executions: Object.keys(EXECUTION_SORTS), flows: Object.keys(FLOW_SORTS) } as const;

const EXECUTION_FILTERS = { ...executions };
const FLOW_FILTERS = { namespace: flows.namespace, flowId: flows.id, id: flows.id, labels: flows.labels };

/** The statement that writes a row unless the one that is there shows a later state, made once. A tombstone stays. */
export function upsertExecution(db: Database): (row: ExecutionRow) => { sql: string; params: unknown[] } {
  const { tenant, id, ...rest } = getTableColumns(executions);
  const placeholders = Object.keys({ tenant, id, ...rest }).map((name) => [name, sql.placeholder(name)]);
  const fromNew = Object.entries(rest).map(([name, column]) => [name, sql`excluded.${sql.identifier(column.name)}`]);
  const compiled = db
    .insert(executions)
    .values(Object.fromEntries(placeholders))
    .onConflictDoUpdate({
      target: [executions.tenant, executions.id],
      set: Object.fromEntries(fromNew),
      setWhere: sql`${executions.deleted} = 0 and (excluded.seq > ${executions.seq} or excluded.deleted = 1)`,
    })
    .toSQL();
  return (row) => ({ sql: compiled.sql, params: fillPlaceholders(compiled.params, row) });
}

export async function searchExecutions(
  db: Database,
  tenant: string,
  conditions: readonly Condition[],
  paging: Paging,
): Promise<Page<ExecutionRow>> {
  const where = and(eq(executions.tenant, tenant), eq(executions.deleted, 0), allOf(EXECUTION_FILTERS, conditions));
  const order = [...orderOf(EXECUTION_SORTS, paging), desc(executions.startAt), asc(executions.id)];
  const [results, totals] = await db.batch([
    db
      .select()
      .from(executions)
      .where(where)
      .orderBy(...order)
      .limit(paging.size)
      .offset(offsetOf(paging)),
    db.select({ total: count() }).from(executions).where(where),
  ]);
  return { results, total: totals[0]?.total ?? 0 };
}

/** Writes a flow's row unless the one that is there has a later revision. */
export function upsertFlow(db: Database, row: FlowRow) {
  const { tenant, namespace, id, ...values } = row;
  return db
    .insert(flows)
    .values(row)
    .onConflictDoUpdate({
      target: [flows.tenant, flows.namespace, flows.id],
      set: values,
      setWhere: sql`excluded.revision >= ${flows.revision}`,
    });
}

export async function searchFlows(
  db: Database,
  tenant: string,
  conditions: readonly Condition[],
  paging: Paging,
): Promise<Page<FlowRow>> {
  const where = and(eq(flows.tenant, tenant), eq(flows.deleted, 0), allOf(FLOW_FILTERS, conditions));
  const order = [...orderOf(FLOW_SORTS, paging), asc(flows.namespace), asc(flows.id)];
  const [results, totals] = await db.batch([
    db
      .select()
      .from(flows)
      .where(where)
      .orderBy(...order)
      .limit(paging.size)
      .offset(offsetOf(paging)),
    db.select({ total: count() }).from(flows).where(where),
  ]);
  return { results, total: totals[0]?.total ?? 0 };
}

/** Namespaces that have a flow, sorted. */
export async function listNamespaces(db: Database, tenant: string): Promise<string[]> {
  const rows = await db
    .selectDistinct({ namespace: flows.namespace })
    .from(flows)
    .where(and(eq(flows.tenant, tenant), eq(flows.deleted, 0)))
    .orderBy(asc(flows.namespace));
  return rows.map(({ namespace }) => namespace);
}

export type FlowTriggers = { tenant: string; namespace: string; flowId: string };

function ofFlow({ tenant, namespace, flowId }: FlowTriggers): SQL | undefined {
  return and(eq(triggers.tenant, tenant), eq(triggers.namespace, namespace), eq(triggers.flowId, flowId));
}

export function upsertTrigger(db: Database, row: TriggerRow) {
  const { tenant, namespace, flowId, triggerId, ...values } = row;
  return db
    .insert(triggers)
    .values(row)
    .onConflictDoUpdate({
      target: [triggers.tenant, triggers.namespace, triggers.flowId, triggers.triggerId],
      set: values,
    });
}

/** Deletes the triggers of the flow except those in `kept`. */
export function deleteOtherTriggers(db: Database, flow: FlowTriggers, kept: readonly string[]) {
  const others = kept.length === 0 ? undefined : notInArray(triggers.triggerId, [...kept]);
  return db.delete(triggers).where(and(ofFlow(flow), others));
}

export async function searchTriggers(
  db: Database,
  tenant: string,
  conditions: { namespace?: string; flowId?: string; q?: string },
  paging: Paging,
): Promise<Page<TriggerRow>> {
  const { namespace, flowId, q } = conditions;
  const where = and(
    eq(triggers.tenant, tenant),
    namespace === undefined
      ? undefined
      : allOf(TRIGGER_FILTERS, [{ field: "namespace", op: "PREFIX", values: [namespace] }]),
    flowId === undefined ? undefined : eq(triggers.flowId, flowId),
    q === undefined ? undefined : allOf(TRIGGER_FILTERS, [{ field: "q", text: q }]),
  );
  const [results, totals] = await db.batch([
    db
      .select()
      .from(triggers)
      .where(where)
      .orderBy(
        ...orderOf(TRIGGER_SORTS, paging),
        asc(triggers.namespace),
        asc(triggers.flowId),
        asc(triggers.triggerId),
      )
      .limit(paging.size)
      .offset(offsetOf(paging)),
    db.select({ total: count() }).from(triggers).where(where),
  ]);
  return { results, total: totals[0]?.total ?? 0 };
}

const TRIGGER_FILTERS = {
  namespace: triggers.namespace,
  flowId: triggers.flowId,
  id: triggers.triggerId,
  labels: triggers.triggerId,
};
const TRIGGER_SORTS: Readonly<Record<string, SQLiteColumn>> = {
  namespace: triggers.namespace,
  flowId: triggers.flowId,
  triggerId: triggers.triggerId,
  nextExecutionDate: triggers.nextAt,
};

/** Flows with a trigger that should have moved before `before`, or that waits for an execution since then. */
export async function overdueFlows(db: Database, before: number, limit: number): Promise<FlowTriggers[]> {
  const flow = { tenant: triggers.tenant, namespace: triggers.namespace, flowId: triggers.flowId };
  const enabled = eq(triggers.disabled, 0);
  const [late, waiting] = await db.batch([
    db
      .selectDistinct(flow)
      .from(triggers)
      .where(and(enabled, isNull(triggers.lockedBy), lt(triggers.nextAt, before)))
      .limit(limit),
    db
      .selectDistinct(flow)
      .from(triggers)
      .where(and(isNotNull(triggers.lockedBy), lt(triggers.lockedAt, before)))
      .limit(limit),
  ]);
  return [...late, ...waiting];
}

function orderOf(columns: Readonly<Record<string, SQLiteColumn>>, { sort }: Paging): SQL[] {
  return sort.flatMap(({ field, descending }) => {
    const column = Object.hasOwn(columns, field) ? columns[field] : undefined;
    if (!column) return [];
    return [descending ? desc(column) : asc(column)];
  });
}

function offsetOf({ page, size }: Paging): number {
  return (page - 1) * size;
}
