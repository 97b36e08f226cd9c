import type { BatchItem } from "drizzle-orm/batch";
import { drizzle } from "drizzle-orm/sqlite-proxy";
import * as z from "zod";
import type { TriggerState } from "#actors/flow-actor/flow-rpc.ts";
import type { SqlQuery, SqlValue } from "#actors/index/index-rpc.ts";
import { Label } from "#schema/event.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import { State } from "#schema/state.ts";
import * as queries from "../db/queries.ts";
import type { FlowName, FlowSummary, Projection, TriggerSummary } from "./projection.ts";

/** Runs statements as one transaction and answers the rows of each, as arrays of values. At most 100 statements. */
export type RunSql = (statements: readonly SqlQuery[]) => Promise<SqlValue[][][]>;

const BATCH_MAX = 100;
const labelsJson = z.array(Label);

/** The projection in any SQLite: D1, a Durable Object or a test's own. */
export function createSqlProjection(run: RunSql): Projection {
  const db = drizzle(
    async (text, params) => ({ rows: (await run([{ sql: text, params }]))[0] ?? [] }),
    async (batch) =>
      (await run(batch.map(({ sql: text, params }) => ({ sql: text, params })))).map((rows) => ({ rows })),
  );

  async function runAll(statements: BatchItem<"sqlite">[]): Promise<void> {
    for (let at = 0; at < statements.length; at += BATCH_MAX) {
      const [first, ...rest] = statements.slice(at, at + BATCH_MAX);
      if (first) await db.batch([first, ...rest]);
    }
  }

  const upsert = queries.upsertExecution(db);
  const toStatement = (row: queries.ExecutionRow): SqlQuery => {
    const { sql: text, params } = upsert(row);
    return { sql: text, params: params as SqlValue[] };
  };

  return {
    async upsertExecutions(summaries) {
      for (let at = 0; at < summaries.length; at += BATCH_MAX)
        await run(summaries.slice(at, at + BATCH_MAX).map((summary) => toStatement(executionRow(summary))));
    },
    async upsertFlow(flow) {
      await queries.upsertFlow(db, flowRow(flow));
    },
    replaceTriggers: (flow, states) =>
      runAll([
        queries.deleteOtherTriggers(
          db,
          flow,
          states.slice(0, BATCH_MAX - 10).map(({ triggerId }) => triggerId),
        ),
        ...states.map((state) => queries.upsertTrigger(db, triggerRow(flow, state))),
      ]),
    async searchExecutions(tenant, conditions, paging) {
      const page = await queries.searchExecutions(db, tenant, conditions, paging);
      return { results: page.results.map(executionSummary), total: page.total };
    },
    async searchFlows(tenant, conditions, paging) {
      const page = await queries.searchFlows(db, tenant, conditions, paging);
      return { results: page.results.map(flowSummary), total: page.total };
    },
    namespaces: (tenant) => queries.listNamespaces(db, tenant),
    async searchTriggers(tenant, filter, paging) {
      const page = await queries.searchTriggers(db, tenant, filter, paging);
      return { results: page.results.map(triggerSummary), total: page.total };
    },
    overdueFlows: (before, limit) => queries.overdueFlows(db, before, limit),
  };
}

function executionRow(summary: ExecutionSummary): queries.ExecutionRow {
  return { ...summary, labels: JSON.stringify(summary.labels), deleted: Number(summary.deleted) };
}

function executionSummary(row: queries.ExecutionRow): ExecutionSummary {
  return {
    ...row,
    state: State.parse(row.state),
    labels: labelsJson.parse(JSON.parse(row.labels)),
    deleted: row.deleted !== 0,
  };
}

function flowRow(flow: FlowSummary): queries.FlowRow {
  const { labels, disabled, deleted } = flow;
  return { ...flow, labels: JSON.stringify(labels), disabled: Number(disabled), deleted: Number(deleted) };
}

function flowSummary(row: queries.FlowRow): FlowSummary {
  const labels = labelsJson.parse(JSON.parse(row.labels));
  return { ...row, labels, disabled: row.disabled !== 0, deleted: row.deleted !== 0 };
}

function triggerRow({ tenant, namespace, flowId }: FlowName, state: TriggerState): queries.TriggerRow {
  const { triggerId, type, dateAt, nextAt, lockedBy, lockedAt, lastError } = state;
  return {
    tenant,
    namespace,
    flowId,
    triggerId,
    type,
    dateAt,
    nextAt,
    lockedBy,
    lockedAt,
    lastError,
    disabled: Number(state.disabled),
  };
}

function triggerSummary(row: queries.TriggerRow): TriggerSummary {
  return { ...row, disabled: row.disabled !== 0 };
}
