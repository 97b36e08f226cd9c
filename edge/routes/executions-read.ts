import * as z from "zod";
import { PROBLEM_CODES } from "#schema/problem.ts";
import { checkReached } from "../fork-execution.ts";
import { readText } from "../middleware/body/body-limit.ts";
import { portsOf } from "../ports/ports.ts";
import { cellOf, foundOr404, param, query } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { ShownValues, showingValues } from "../values.ts";
import { ExecutionAnswer } from "./answers.ts";
import { executionAnswer } from "./execution-answer.ts";
import { eventStream } from "./streams.ts";
import { userRoute } from "./user-route.ts";

const GetQuery = z.object({
  at: z.coerce.number().int().min(1).optional().describe("As it was after so many events"),
});
const EXPRESSION_MAX_BYTES = 100_000;

const EvalProblem = z
  .object({ code: z.enum(PROBLEM_CODES), message: z.string(), line: z.int(), column: z.int() })
  .describe("What is wrong and where, line and column (from 1) counted within the expression");
const EvalAnswer = z.union([
  z.object({ result: z.string() }),
  z.object({ error: z.string(), stackTrace: z.string(), problem: EvalProblem.optional() }),
]);
const one = { 200: { description: "The execution", schema: ExecutionAnswer } };
const sse = { 200: { description: "Server-sent events", contentType: "text/event-stream" } };
const evaluated = { 200: { description: "`result`, or `error`, `stackTrace` and the `problem`", schema: EvalAnswer } };
const tag = "Executions";

/** What can be seen of one execution. */
export const executionReadRoutes: readonly Route[] = [
  userRoute("GET /executions/:executionId", "An execution, as it is or as it was", get, {
    tag,
    query: GetQuery,
    answers: one,
  }),
  userRoute("GET /executions/:executionId/follow", "An execution after each change", follow, { tag, answers: sse }),
  userRoute("GET /executions/:executionId/stream", "Source, events and log lines as they come", stream, {
    tag,
    answers: sse,
  }),
  userRoute("POST /executions/:executionId/eval", "Evaluate an expression", evaluate, {
    body: "text",
    tag,
    answers: evaluated,
  }),
  userRoute("POST /executions/:executionId/eval/:taskRunId", "Evaluate an expression as a task run sees it", evaluate, {
    body: "text",
    tag,
    answers: evaluated,
  }),
];

async function get(c: AppContext): Promise<Response> {
  const { cell, id } = cellOf(c);
  const { at } = c.req.url.includes("?") ? query(c, GetQuery) : {};
  if (at !== undefined) await checkReached(cell, id, at);
  const execution = foundOr404(await cell.get(id, at === undefined ? {} : { at }), id);
  return executionAnswer(c, await new ShownValues(portsOf(c.env).files).show(execution));
}

async function follow(c: AppContext): Promise<Response> {
  const { cell, id } = cellOf(c);
  const stream = foundOr404(await cell.followExecution(id), id);
  return eventStream(stream.pipeThrough(showingValues(new ShownValues(portsOf(c.env).files))));
}

async function stream(c: AppContext): Promise<Response> {
  const { cell, id } = cellOf(c);
  return eventStream(foundOr404(await cell.stream(id, knownOf(c)), id));
}

async function evaluate(c: AppContext): Promise<Response> {
  const { cell, id } = cellOf(c);
  const expression = await readText(c.req.raw, EXPRESSION_MAX_BYTES);
  const taskRunId = param(c, "taskRunId") || undefined;
  return c.json(foundOr404(await cell.evaluate(id, taskRunId, expression), id));
}

/** What a follower that comes back knows already: the last event id it saw, `seq:line`. */
function knownOf(c: AppContext): { seq: number; line: number } | undefined {
  const [, seq, line] =
    /^(\d{1,12}):(\d{1,12})$/.exec(c.req.header("last-event-id") ?? c.req.query("after") ?? "") ?? [];
  return seq === undefined || line === undefined ? undefined : { seq: Number(seq), line: Number(line) };
}
