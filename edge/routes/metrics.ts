import * as z from "zod";
import { cellOf, foundOr404, query } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { PagingQuery, pagingOf } from "../search-query.ts";
import { pageOf } from "./answers.ts";
import { userRoute } from "./user-route.ts";

const MetricQuery = PagingQuery.extend({ taskRunId: z.string().optional(), taskId: z.string().optional() });
const SORTS = ["namespace", "flowId", "taskId", "executionId", "taskRunId", "name", "timestamp", "value"] as const;

const MetricAnswer = z.object({
  tenantId: z.string(),
  namespace: z.string(),
  flowId: z.string(),
  executionId: z.string(),
  taskId: z.string().optional(),
  taskRunId: z.string().optional(),
  type: z.enum(["counter", "timer", "gauge"]),
  name: z.string(),
  value: z.number().describe("Milliseconds for timers"),
  timestamp: z.string(),
  tags: z.record(z.string(), z.string()),
});

/** Metrics of one execution. */
export const metricRoutes: readonly Route[] = [
  userRoute("GET /metrics/:executionId", "What the tasks of an execution measured", list, {
    tag: "Metrics",
    query: MetricQuery,
    answers: { 200: { description: "A page of metrics", schema: pageOf(MetricAnswer) } },
  }),
];

async function list(c: AppContext): Promise<Response> {
  const { cell, id } = cellOf(c);
  const { taskRunId, taskId, ...given } = query(c, MetricQuery);
  const { page, size, sort } = pagingOf(given, SORTS);
  const filter = { ...(taskRunId === undefined ? {} : { taskRunId }), ...(taskId === undefined ? {} : { taskId }) };
  const entries = [...foundOr404(await cell.metrics(id, filter), id)];
  for (const { field, descending } of sort.toReversed()) {
    const name = field as (typeof SORTS)[number]; // `pagingOf` lets no other through
    entries.sort((a, b) => (descending ? -1 : 1) * compare(a[name] ?? "", b[name] ?? ""));
  }
  return c.json({ results: entries.slice((page - 1) * size, page * size), total: entries.length });
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
