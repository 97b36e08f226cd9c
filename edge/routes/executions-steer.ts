import * as z from "zod";
import type { Command, CommandAnswer } from "#schema/cell.ts";
import { HttpError } from "../http-error.ts";
import { readFields } from "../inputs-form.ts";
import { executionFolder, valuesFolder } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { cellOf, executionNotFound, flag, foundOr404, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { checkValueSize } from "../start-execution.ts";
import { ShownValues } from "../values.ts";
import { ExecutionAnswer } from "./answers.ts";
import { executionUrl } from "./executions-create.ts";
import { userRoute } from "./user-route.ts";

const KillQuery = z.object({ isOnKillCascade: flag(true).describe("Kill subflows too") });
const RestartQuery = z.object({ revision: z.coerce.number().int().min(1).optional() });
const DeleteQuery = z.object({ deleteLogs: flag(true), deleteMetrics: flag(true), deleteStorage: flag(true) });

const PREFIXES: Readonly<Record<number, string>> = { 404: "Not Found", 409: "Illegal state", 422: "Illegal argument" };

/** What can be done to an execution that is there. */
export const executionSteerRoutes: readonly Route[] = [
  userRoute("DELETE /executions/:executionId/kill", "Kill an execution", kill, {
    tag: "Executions",
    query: KillQuery,
    answers: { 202: { description: "The kill is on its way" } },
  }),
  userRoute("POST /executions/:executionId/resume", "Resume a paused execution, with the inputs it asks for", resume, {
    body: "multipart",
    tag: "Executions",
    answers: { 204: { description: "Resumed" } },
  }),
  userRoute("POST /executions/:executionId/pause", "Pause a running execution", pause, {
    tag: "Executions",
    answers: { 200: { description: "Paused" } },
  }),
  userRoute("POST /executions/:executionId/restart", "Restart a failed execution from where it failed", restart, {
    tag: "Executions",
    query: RestartQuery,
    answers: { 200: { description: "The execution", schema: ExecutionAnswer } },
  }),
  userRoute("DELETE /executions/:executionId", "Delete an execution with its logs and files", remove, {
    tag: "Executions",
    query: DeleteQuery,
    answers: { 204: { description: "Deleted" } },
  }),
];

async function kill(c: AppContext): Promise<Response> {
  const cascade = query(c, KillQuery).isOnKillCascade;
  const { cell, id } = cellOf(c);
  const answer = await cell.command(id, { kind: "kill", cascade });
  // Killing what has ended is refused only when nothing below it could still run.
  if (!answer.ok && !(answer.status === 409 && cascade)) throw refusal(answer);
  return c.body(null, 202);
}

async function resume(c: AppContext): Promise<Response> {
  const inputs = await readFields(c.req.raw);
  checkValueSize(inputs);
  await command(c, { kind: "resume", inputs });
  return c.body(null, 204);
}

async function pause(c: AppContext): Promise<Response> {
  await command(c, { kind: "pause" });
  return c.body(null, 200);
}

async function restart(c: AppContext): Promise<Response> {
  if (query(c, RestartQuery).revision !== undefined) {
    throw new HttpError(
      422,
      "Illegal argument: a restart with another revision is not there yet; leave `revision` out",
    );
  }
  const execution = await command(c, { kind: "restart" });
  execution.url = executionUrl(c, execution);
  return c.json(execution);
}

async function remove(c: AppContext): Promise<Response> {
  const { deleteStorage } = query(c, DeleteQuery);
  const { cell, id } = cellOf(c);
  const { namespace, flowId } = foundOr404(await cell.get(id), id);
  if (!(await cell.remove(id))) throw executionNotFound(id);
  const place = { tenant: tenantOf(c), namespace, flowId, executionId: id };
  // Values that were too large for the log are a part of it, not files of the user's.
  await portsOf(c.env).files.deleteFolder(deleteStorage ? executionFolder(place) : valuesFolder(place));
  return c.body(null, 204);
}

async function command(c: AppContext, wanted: Command) {
  const { cell, id } = cellOf(c);
  const answer = await cell.command(id, wanted);
  if (!answer.ok) throw refusal(answer);
  return new ShownValues(portsOf(c.env).files).show(answer.execution);
}

function refusal({ status, message }: Extract<CommandAnswer, { ok: false }>): HttpError {
  return new HttpError(status, `${PREFIXES[status]}: ${message}`);
}
