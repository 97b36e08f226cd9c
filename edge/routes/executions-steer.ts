import * as z from "zod";
import type { Command } from "#schema/cell.ts";
import { executionOf } from "#schema/execution.ts";
import { State } from "#schema/state.ts";
import { readNames } from "../flow-tasks.ts";
import { BODY_MAX_BYTES, readText } from "../middleware/body/body-limit.ts";
import { cellById, flag, foundOr404, idempotencyKeyOf, jsonBody, param, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { checkTerminal, LabelsBody, refusalError, removeExecution, settableLabels, steer } from "../steering.ts";
import { ExecutionAnswer } from "./answers.ts";
import { startedAnswer } from "./execution-answer.ts";
import { type UserRouteDetails, userRoute } from "./user-route.ts";

const KillQuery = z.object({ isOnKillCascade: flag(true).describe("Kill subflows too") });
const DeleteQuery = z.object({ deleteLogs: flag(true), deleteMetrics: flag(true), deleteStorage: flag(true) });
const StatusQuery = z.object({ status: State.describe("A terminal state") });
const UnqueueQuery = z.object({
  state: z.enum(["RUNNING", "CANCELLED", "FAILED"]).default("RUNNING").describe("What becomes of it"),
});
const BreakpointQuery = z.object({
  breakpoints: z.string().max(10_000).optional().describe("Replace those that are left; ids with commas between them"),
});
const StateBody = z.object({ taskRunId: z.string().max(200), state: State });

const tag = "Executions";
const execution = { 200: { description: "The execution", schema: ExecutionAnswer } };

/** A request that steers one execution; with an `Idempotency-Key` the same twice is once. */
function steering(
  name: Parameters<typeof userRoute>[0],
  summary: string,
  handler: Route["handler"],
  details: UserRouteDetails = {},
) {
  return userRoute(name, summary, handler, { tag, answers: execution, ...details });
}

/** What can be done to an execution that is there. */
export const executionSteerRoutes: readonly Route[] = [
  steering("DELETE /executions/:executionId/kill", "Kill an execution", kill, {
    query: KillQuery,
    answers: { 202: { description: "The kill is on its way" } },
  }),
  steering("POST /executions/:executionId/pause", "Pause a running execution", pause, {
    answers: { 200: { description: "Paused" } },
  }),
  steering("POST /executions/:executionId/state", "Say how a task run ended, and go on from there", changeState, {
    body: "json",
    bodySchema: StateBody,
  }),
  steering("POST /executions/:executionId/change-status", "Say how an ended execution ended", changeStatus, {
    query: StatusQuery,
  }),
  steering("POST /executions/:executionId/labels", "Set labels; those of other keys stay", setLabels, {
    body: "json",
    bodySchema: LabelsBody,
  }),
  steering("POST /executions/:executionId/unqueue", "Take a queued execution out of the queue", unqueue, {
    query: UnqueueQuery,
  }),
  steering("POST /executions/:executionId/force-run", "Run an execution that waits", forceRun),
  steering("POST /executions/:executionId/resume-from-breakpoint", "Go on from a breakpoint", resumeFromBreakpoint, {
    query: BreakpointQuery,
    answers: { 204: { description: "Resumed" } },
  }),
  userRoute("DELETE /executions/:executionId", "Delete an execution with its logs and files", remove, {
    tag,
    query: DeleteQuery,
    answers: { 204: { description: "Deleted" } },
  }),
];

/** Sends the command under the request's idempotency key. */
async function command(c: AppContext, wanted: Command) {
  const commandId = idempotencyKeyOf(c);
  return steer(c.env, param(c, "executionId"), commandId === undefined ? wanted : { ...wanted, commandId });
}

async function commanded(c: AppContext, wanted: Command): Promise<Response> {
  return startedAnswer(c, await command(c, wanted));
}

async function kill(c: AppContext): Promise<Response> {
  const cascade = query(c, KillQuery).isOnKillCascade;
  const id = param(c, "executionId");
  const commandId = idempotencyKeyOf(c);
  const answer = await cellById(c.env, id).command(id, { kind: "kill", cascade, ...(commandId && { commandId }) });
  // Killing what has ended is refused only when nothing below it could still run.
  if (!answer.ok && !(answer.status === 409 && cascade)) throw refusalError(answer);
  return c.body(null, 202);
}

async function pause(c: AppContext): Promise<Response> {
  await command(c, { kind: "pause" });
  return c.body(null, 200);
}

async function changeState(c: AppContext): Promise<Response> {
  const { taskRunId, state } = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), StateBody);
  checkTerminal(state, "a task run");
  return commanded(c, { kind: "change-state", taskRunId, state });
}

function changeStatus(c: AppContext): Promise<Response> {
  const { status: state } = query(c, StatusQuery);
  checkTerminal(state, "an execution");
  return commanded(c, { kind: "change-status", state });
}

async function setLabels(c: AppContext): Promise<Response> {
  const id = param(c, "executionId");
  const given = await jsonBody(await readText(c.req.raw, BODY_MAX_BYTES), LabelsBody);
  const labels = await settableLabels(
    given,
    async () => executionOf(foundOr404(await cellById(c.env, id).get(id), id)).labels,
  );
  return commanded(c, { kind: "set-labels", labels });
}

function unqueue(c: AppContext): Promise<Response> {
  return commanded(c, { kind: "unqueue", state: query(c, UnqueueQuery).state });
}

function forceRun(c: AppContext): Promise<Response> {
  return commanded(c, { kind: "force-run" });
}

async function resumeFromBreakpoint(c: AppContext): Promise<Response> {
  const { breakpoints } = query(c, BreakpointQuery);
  const given = breakpoints === undefined ? {} : { breakpoints: readNames(breakpoints) };
  await command(c, { kind: "resume-from-breakpoint", ...given });
  return c.body(null, 204);
}

async function remove(c: AppContext): Promise<Response> {
  const { deleteStorage } = query(c, DeleteQuery);
  await removeExecution(c.env, tenantOf(c), param(c, "executionId"), deleteStorage);
  return c.body(null, 204);
}
