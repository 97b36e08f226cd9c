import * as z from "zod";
import type { Condition, Paging } from "../db/filter.ts";
import { SORT_FIELDS } from "../db/queries.ts";
import { executionFromSummary } from "../execution-json.ts";
import { HttpError } from "../http-error.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { ExecutionFilterQuery, executionConditions, filterConditions, PagingQuery, pagingOf } from "../search-query.ts";
import { ExecutionAnswer, pageOf } from "./answers.ts";
import { userRoute } from "./user-route.ts";

const SearchQuery = PagingQuery.extend(ExecutionFilterQuery.shape);
const OfFlowQuery = PagingQuery.pick({ page: true, size: true }).extend({ namespace: z.string(), flowId: z.string() });
const FILTER_FIELDS = [
  "q",
  "scope",
  "flowId",
  "startDate",
  "endDate",
  "timeRange",
  "state",
  "labels",
  "triggerExecutionId",
  "childFilter",
  "namespace",
];

/** What the query string narrows executions to. */
export function executionFilter(c: AppContext, now: number): Condition[] {
  return [...executionConditions(query(c, ExecutionFilterQuery), now), ...filterConditions(c, FILTER_FIELDS, now)];
}

/** Lists of executions, from the projection. */
export function executionListRoutes({ now }: AppParts): readonly Route[] {
  async function page(c: AppContext, conditions: readonly Condition[], paging: Paging): Promise<Response> {
    const { results, total } = await portsOf(c.env).projection.searchExecutions(tenantOf(c), conditions, paging);
    return c.json({ results: results.map((summary) => executionFromSummary(summary, now())), total });
  }

  function search(c: AppContext): Promise<Response> {
    return page(c, executionFilter(c, now()), pagingOf(query(c, SearchQuery), SORT_FIELDS.executions));
  }

  function ofFlow(c: AppContext): Promise<Response> {
    for (const name of ["namespace", "flowId"]) {
      if (c.req.query(name) !== undefined) continue;
      throw new HttpError(400, `Bad Request: Required QueryValue [${name}] not specified`);
    }
    const given = query(c, OfFlowQuery);
    return page(c, executionConditions(given, now()), { page: given.page, size: given.size, sort: [] });
  }

  const tag = "Executions";
  const answers = { 200: { description: "A page of executions", schema: pageOf(ExecutionAnswer) } };
  return [
    userRoute("GET /executions/search", "Find executions", search, { tag, query: SearchQuery, answers }),
    userRoute("GET /executions", "Executions of one flow", ofFlow, { tag, query: OfFlowQuery, answers }),
  ];
}
