import * as z from "zod";
import type { JsonObject } from "#schema/json.ts";
import { SORT_FIELDS } from "../db/queries.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { namespaceOf, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { FlowFilterQuery, filterConditions, flowConditions, PagingQuery, pagingOf } from "../search-query.ts";
import { FlowAnswer, pageOf } from "./answers.ts";
import { userRoute } from "./user-route.ts";

const SearchQuery = PagingQuery.extend(FlowFilterQuery.shape);
const NamesQuery = z.object({ q: z.string().optional() });
export const FLOW_FILTERS = ["labels", "namespace", "q", "scope", "flowId"];
const LIST_MAX = 1000;
const tag = "Flows";

/** Lists of flows, from the projection. */
export function flowListRoutes({ now }: AppParts): readonly Route[] {
  async function search(c: AppContext): Promise<Response> {
    const given = query(c, SearchQuery);
    const conditions = [...flowConditions(given), ...filterConditions(c, FLOW_FILTERS, now())];
    const paging = pagingOf(given, SORT_FIELDS.flows);
    const page = await portsOf(c.env).projection.searchFlows(tenantOf(c), conditions, paging);
    return c.json({ results: page.results.map(({ json }): JsonObject => JSON.parse(json)), total: page.total });
  }

  async function ofNamespace(c: AppContext): Promise<Response> {
    const page = await portsOf(c.env).projection.searchFlows(
      tenantOf(c),
      [{ field: "namespace", op: "EQUALS", values: [namespaceOf(c)] }],
      { page: 1, size: LIST_MAX, sort: [] },
    );
    return c.json(page.results.map(({ json }): JsonObject => JSON.parse(json)));
  }

  async function distinctNamespaces(c: AppContext): Promise<Response> {
    const q = query(c, NamesQuery).q?.toLowerCase() ?? "";
    const namespaces = await portsOf(c.env).projection.namespaces(tenantOf(c));
    return c.json(namespaces.filter((namespace) => namespace.toLowerCase().includes(q)));
  }

  const found = { 200: { description: "A page of flows", schema: pageOf(FlowAnswer) } };
  const names = { 200: { description: "Namespaces", schema: z.array(z.string()) } };
  const all = { 200: { description: "Flows", schema: z.array(FlowAnswer) } };
  return [
    userRoute("GET /flows/search", "Find flows", search, { tag, query: SearchQuery, answers: found }),
    userRoute("GET /flows/distinct-namespaces", "Namespaces that have flows", distinctNamespaces, {
      tag,
      query: NamesQuery,
      answers: names,
    }),
    userRoute("GET /flows/:namespace", "Flows of exactly this namespace", ofNamespace, { tag, answers: all }),
  ];
}
