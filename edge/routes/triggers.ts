import * as z from "zod";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import type { TriggerFilter, TriggerSummary } from "../ports/projection.ts";
import { flowKeyOf, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { PagingQuery, pagingOf } from "../search-query.ts";
import { pageOf } from "./answers.ts";
import { userRoute } from "./user-route.ts";

const FilterQuery = z.object({
  q: z.string().max(500).optional(),
  namespace: z.string().optional(),
  flowId: z.string().optional(),
});
const SearchQuery = PagingQuery.extend(FilterQuery.shape);
const OfFlowQuery = PagingQuery.extend({ q: z.string().max(500).optional() });
const SORTS = ["namespace", "flowId", "triggerId", "nextExecutionDate"];
const tag = "Triggers";

const TriggerAnswer = z.object({
  tenantId: z.string(),
  namespace: z.string(),
  flowId: z.string(),
  triggerId: z.string(),
  date: z.string().optional(),
  nextExecutionDate: z.string().optional(),
  executionId: z.string().optional(),
  updatedDate: z.string().optional(),
  disabled: z.boolean(),
  lastError: z.string().optional().describe("Why the last date started nothing"),
});

/** `/triggers`: states of the time triggers. */
export function triggerRoutes({ cache }: AppParts): readonly Route[] {
  async function search(c: AppContext): Promise<Response> {
    const given = query(c, SearchQuery);
    const filter: TriggerFilter = {};
    if (given.q) filter.q = given.q;
    if (given.namespace) filter.namespace = given.namespace;
    if (given.flowId) filter.flowId = given.flowId;
    const page = await portsOf(c.env).projection.searchTriggers(tenantOf(c), filter, pagingOf(given, SORTS));
    const results = await Promise.all(
      page.results.map(async (trigger) => ({
        abstractTrigger: await definitionOf(c, trigger),
        triggerContext: triggerJson(trigger),
      })),
    );
    return c.json({ results, total: page.total });
  }

  async function definitionOf(c: AppContext, { tenant, namespace, flowId, triggerId }: TriggerSummary) {
    const opened = await cache.open(c.env, { tenant, namespace, flowId }).catch(() => undefined);
    const trigger = opened?.flow.triggers.find(({ id }) => id === triggerId);
    return trigger
      ? { ...trigger.properties, id: trigger.id, type: trigger.type, disabled: trigger.disabled ?? false }
      : null;
  }

  async function ofFlow(c: AppContext): Promise<Response> {
    const given = query(c, OfFlowQuery);
    const { tenant, namespace, flowId } = flowKeyOf(c, { namespace: "namespace", flowId: "flowId" });
    const filter: TriggerFilter = { namespace, flowId, ...(given.q ? { q: given.q } : {}) };
    const page = await portsOf(c.env).projection.searchTriggers(tenant, filter, pagingOf(given, SORTS));
    return c.json({ results: page.results.map(triggerJson), total: page.total });
  }

  const found = z.object({ abstractTrigger: z.looseObject({}).nullable(), triggerContext: TriggerAnswer });
  return [
    userRoute("GET /triggers/search", "Find triggers", search, {
      tag,
      query: SearchQuery,
      answers: { 200: { description: "A page of triggers", schema: pageOf(found) } },
    }),
    userRoute("GET /triggers/:namespace/:flowId", "Triggers of a flow", ofFlow, {
      tag,
      query: OfFlowQuery,
      answers: { 200: { description: "A page of triggers", schema: pageOf(TriggerAnswer) } },
    }),
  ];
}

function triggerJson(trigger: TriggerSummary): z.infer<typeof TriggerAnswer> {
  const { tenant, namespace, flowId, triggerId, dateAt, nextAt, lockedBy, lockedAt, disabled, lastError } = trigger;
  return {
    tenantId: tenant,
    namespace,
    flowId,
    triggerId,
    ...(dateAt === null ? {} : { date: new Date(dateAt).toISOString() }),
    ...(nextAt === null ? {} : { nextExecutionDate: new Date(nextAt).toISOString() }),
    ...(lockedBy === null ? {} : { executionId: lockedBy }),
    ...(lockedAt === null ? {} : { updatedDate: new Date(lockedAt).toISOString() }),
    disabled,
    ...(lastError === null ? {} : { lastError }),
  };
}
