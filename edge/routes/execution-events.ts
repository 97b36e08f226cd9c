import * as z from "zod";
import { cellOf, foundOr404, query } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { eventStream } from "./streams.ts";
import { userRoute } from "./user-route.ts";

const MAX_EVENTS = 10_000;
const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).describe("Sequence number of the last known event"),
  limit: z.coerce.number().int().min(1).max(MAX_EVENTS).default(1000).describe("Events on a page"),
});
const EventsAnswer = z.object({
  source: z.string(),
  revision: z.int(),
  after: z.int(),
  events: z.array(z.looseObject({ kind: z.string(), at: z.number() })),
  next: z.int().optional(),
});

const tag = "Executions";
const sse = { 200: { description: "One event each, its sequence number as id", contentType: "text/event-stream" } };

/**
 * The event log of one execution: its whole truth. The first event has the sequence number 1; with the flow's source, which comes
 * along, it can be replayed to any point.
 */
export const executionEventRoutes: readonly Route[] = [
  userRoute("GET /executions/:executionId/events", "The event log; as a stream when asked for one", events, {
    tag,
    query: EventsQuery,
    answers: { 200: { description: "Events; `next` is the `after` of the next page", schema: EventsAnswer } },
  }),
  userRoute("GET /executions/:executionId/events/follow", "The event log as it grows", follow, {
    tag,
    query: EventsQuery.pick({ after: true }),
    answers: sse,
  }),
];

async function events(c: AppContext): Promise<Response> {
  if (/\btext\/event-stream\b/i.test(c.req.header("accept") ?? "")) return follow(c);
  const { after, limit } = query(c, EventsQuery);
  const { cell, id } = cellOf(c);
  // One more than is shown tells whether there is a next page.
  const page = foundOr404(await cell.events(id, after, limit + 1), id);
  const shown = page.events.slice(0, limit);
  const next = page.events.length > limit ? { next: after + limit } : {};
  return c.json({ source: page.source, revision: page.revision, after, events: shown, ...next });
}

async function follow(c: AppContext): Promise<Response> {
  const { cell, id } = cellOf(c);
  const known = /^\d{1,12}$/.exec(c.req.header("last-event-id") ?? "")?.[0];
  const after = known === undefined ? query(c, EventsQuery).after : Number(known);
  return eventStream(foundOr404(await cell.followEvents(id, after), id));
}
