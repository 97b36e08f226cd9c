import * as z from "zod";
import { flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import { State } from "#schema/state.ts";
import { MAX_FILTER_VALUES } from "../db/filter.ts";
import { actorByName } from "../env.ts";
import { notFound } from "../http-error.ts";
import { portsOf } from "../ports/ports.ts";
import { flowKeyOf, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { userRoute } from "./user-route.ts";

const ConcurrencyAnswer = z.object({
  namespace: z.string(),
  flowId: z.string(),
  limit: z.int().optional().describe("Absent: the flow has no limit"),
  behavior: z.enum(["QUEUE", "CANCEL", "FAIL"]).optional(),
  holders: z
    .array(
      z.object({
        executionId: z.string(),
        state: State.optional().describe("As lists show it: it may lag"),
        since: z.string(),
        forced: z.boolean().describe("Let through by hand, or running when the limit came"),
      }),
    )
    .describe("Executions that hold a slot, oldest first; at most 200"),
  queue: z
    .array(z.object({ executionId: z.string(), since: z.string(), position: z.int() }))
    .describe("Executions that wait, in their order; at most 200"),
  queued: z.int().describe("How many wait in all"),
});

/** `GET /flows/{namespace}/{id}/concurrency`: who holds the slots of a flow, and who waits for one. */
export const flowConcurrencyRoutes: readonly Route[] = [
  userRoute("GET /flows/:namespace/:id/concurrency", "Who holds the concurrency slots of a flow, and who waits", show, {
    tag: "Flows",
    answers: { 200: { description: "Holders and queue", schema: ConcurrencyAnswer } },
  }),
];

async function show(c: AppContext): Promise<Response> {
  const key = flowKeyOf(c);
  const flow = actorByName(c.env.FLOW, flowActorName(key));
  const { limit, holders, queue, queued } = await flow.concurrency();
  if (holders.length === 0 && queued === 0 && (await flow.head()).kind !== "found") throw notFound();
  const states = await statesOf(
    c,
    holders.map(({ executionId }) => executionId),
  );
  return c.json({
    namespace: key.namespace,
    flowId: key.flowId,
    ...limit,
    holders: holders.map(({ since, ...holder }) => ({
      ...holder,
      ...states.get(holder.executionId),
      since: new Date(since).toISOString(),
    })),
    queue: queue.map(({ since, ...waiter }) => ({ ...waiter, since: new Date(since).toISOString() })),
    queued,
  });
}

/** The states of executions as lists know them. */
async function statesOf(c: AppContext, ids: readonly string[]): Promise<Map<string, { state: State }>> {
  const states = new Map<string, { state: State }>();
  for (let from = 0; from < ids.length; from += MAX_FILTER_VALUES) {
    const page = await portsOf(c.env).projection.searchExecutions(
      tenantOf(c),
      [{ field: "id", op: "IN", values: ids.slice(from, from + MAX_FILTER_VALUES) }],
      { page: 1, size: MAX_FILTER_VALUES, sort: [] },
    );
    for (const { id, state } of page.results) states.set(id, { state });
  }
  return states;
}
