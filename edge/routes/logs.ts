import * as z from "zod";
import type { LogFilter } from "#schema/log.ts";
import { Level } from "#schema/state.ts";
import { cellOf, foundOr404, query } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { LogAnswer } from "./answers.ts";
import { attachment, eventStream } from "./streams.ts";
import { userRoute } from "./user-route.ts";

const LogQuery = z.object({
  minLevel: Level.optional(),
  taskId: z.string().optional(),
  taskRunId: z.string().optional(),
  attempt: z.coerce.number().int().min(0).optional().describe("Only beside `taskRunId`; from 0"),
});
const FollowQuery = LogQuery.pick({ minLevel: true });
const tag = "Logs";

/** Logs of one execution. */
export const logRoutes: readonly Route[] = [
  userRoute("GET /logs/:executionId", "Log lines, oldest first", list, {
    tag,
    query: LogQuery,
    answers: { 200: { description: "Log lines", schema: z.array(LogAnswer) } },
  }),
  userRoute("GET /logs/:executionId/download", "Log lines as a text file", download, {
    tag,
    query: LogQuery,
    answers: { 200: { description: "One line each", contentType: "text/plain" } },
  }),
  userRoute("GET /logs/:executionId/follow", "Log lines as they come", follow, {
    tag,
    query: FollowQuery,
    answers: { 200: { description: "Server-sent events", contentType: "text/event-stream" } },
  }),
];

/** As the reference has it: `taskId` wins over `taskRunId`, `attempt` counts only with `taskRunId`. */
function filterOf({ minLevel, taskId, taskRunId, attempt }: z.infer<typeof LogQuery>): LogFilter {
  const filter: LogFilter = {};
  if (minLevel) filter.minLevel = minLevel;
  if (taskId !== undefined) filter.taskId = taskId;
  else if (taskRunId !== undefined) {
    filter.taskRunId = taskRunId;
    if (attempt !== undefined) filter.attempt = attempt;
  }
  return filter;
}

async function entries(c: AppContext) {
  const { cell, id } = cellOf(c);
  return foundOr404(await cell.logs(id, filterOf(query(c, LogQuery))), id);
}

async function list(c: AppContext): Promise<Response> {
  return c.json(await entries(c));
}

async function download(c: AppContext): Promise<Response> {
  const lines = (await entries(c)).map(({ timestamp, level, message }) => `${timestamp} ${level} ${message}\n`);
  const headers = { "content-type": "text/plain; charset=utf-8", ...attachment(`${cellOf(c).id}.log`) };
  return new Response(lines.join(""), { headers });
}

async function follow(c: AppContext): Promise<Response> {
  const { cell, id } = cellOf(c);
  return eventStream(foundOr404(await cell.followLogs(id, query(c, FollowQuery).minLevel), id));
}
