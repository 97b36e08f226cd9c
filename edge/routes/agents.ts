import type * as z from "zod";
import { type DispatchAgentRpc, dispatchName, type LeaseFacts } from "#actors/dispatch/dispatch-rpc.ts";
import {
  ClaimAnswer,
  ClaimRequest,
  HeartbeatAnswer,
  HeartbeatRequest,
  LogBatch,
  LogBatchAnswer,
  ResultRequest,
} from "#schema/runner.ts";
import { moveOf } from "#schema/stored.ts";
import { actorByName, type Env } from "../env.ts";
import { conflict, HttpError, notFound } from "../http-error.ts";
import { BODY_MAX_BYTES, limitBody, readText, STREAM_MAX_BYTES } from "../middleware/body/body-limit.ts";
import {
  executionFolder,
  type FilePath,
  fileInFolder,
  fileUri,
  isInside,
  namespaceFilesFolder,
  parseFileUri,
  taskRunFolder,
} from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { TENANT } from "../request-path.ts";
import type { AppContext, Route } from "../route.ts";
import { keptAnswer } from "../values.ts";

// What runner agents call: see actors/schema/runner.ts.
//
// A1. Every call but `claim` and `heartbeat` is about one lease; without it (any more) the answer is 409.
// A2. A lease reads the files of its execution and its namespace, and those its task's properties name; it writes below its own task run.

export const agentRoutes: Route[] = [
  {
    method: "POST",
    path: "/agents/claim",
    guard: "agent",
    summary: "Wait for work",
    body: "json",
    openapi: {
      tag: "Agents",
      bodySchema: ClaimRequest,
      answers: { 200: { description: "Jobs", schema: ClaimAnswer } },
    },
    async handler(c) {
      const request = await bodyOf(c, ClaimRequest);
      return c.json(await reached(dispatchOf(c.env, request.presence.group).claim(request)));
    },
  },
  {
    method: "POST",
    path: "/agents/heartbeat",
    guard: "agent",
    summary: "Keep leases",
    body: "json",
    openapi: {
      tag: "Agents",
      bodySchema: HeartbeatRequest,
      answers: { 200: { description: "What to stop", schema: HeartbeatAnswer } },
    },
    async handler(c) {
      const request = await bodyOf(c, HeartbeatRequest);
      return c.json(await reached(dispatchOf(c.env, request.presence.group).heartbeat(request)));
    },
  },
  {
    method: "POST",
    path: "/agents/logs",
    guard: "agent",
    summary: "Hand in log lines",
    body: "json",
    openapi: {
      tag: "Agents",
      bodySchema: LogBatch,
      answers: { 200: { description: "How many are kept", schema: LogBatchAnswer } },
    },
    async handler(c) {
      const batch = await bodyOf(c, LogBatch);
      const answer = await reached(dispatchOf(c.env, batch.group).logs(batch));
      if (answer === "fenced") throw fenced();
      return c.json(answer);
    },
  },
  {
    method: "POST",
    path: "/agents/result",
    guard: "agent",
    summary: "Hand in how a job ended",
    body: "json",
    openapi: { tag: "Agents", bodySchema: ResultRequest, answers: { 204: { description: "Taken" } } },
    async handler(c) {
      const request = await withKeptOutputs(c.env, await bodyOf(c, ResultRequest));
      if ((await reached(dispatchOf(c.env, request.group).result(request))) === "fenced") throw fenced();
      return c.body(null, 204);
    },
  },
  {
    method: "GET",
    path: "/agents/files",
    guard: "agent",
    summary: "Read a file the job may read",
    handler: getFile,
    openapi: { tag: "Agents" },
  },
  {
    method: "PUT",
    path: "/agents/files",
    guard: "agent",
    summary: "Store a file of the job's task run",
    body: "stream",
    handler: putFile,
    openapi: { tag: "Agents" },
  },
];

/** Large outputs are kept before the result is handed on: it then fits wherever it goes. */
async function withKeptOutputs(env: Env, request: ResultRequest): Promise<ResultRequest> {
  const { answer, id, epoch, group } = request;
  if (answer.outputs === undefined || moveOf(answer.outputs) === undefined) return request;
  const lease = await reached(dispatchOf(env, group).mayUse(id, epoch));
  // Without its lease the result goes no further than to be refused, or acknowledged once more.
  if (lease === null) return { ...request, answer: { state: answer.state } };
  const kept = await reached(keptAnswer(portsOf(env).files, lease, id.slice(lease.executionId.length + 1), answer));
  return { ...request, answer: kept };
}

async function getFile(c: AppContext): Promise<Response> {
  const uri = c.req.query("uri") ?? "";
  const lease = await leaseOf(c, uri);
  const path = parseFileUri(lease.tenant, uri);
  if (path === undefined) throw new HttpError(422, `Invalid URI: '${uri.slice(0, 500)}' is no URI of a stored file`);
  if (!mayRead(lease, path)) {
    throw new HttpError(
      422,
      `Unable to read the file '${uri.slice(0, 500)}' as it didn't belong to the current execution`,
    );
  }
  const file = await portsOf(c.env).files.get(path);
  if (!file) throw notFound(`there is no file ${uri.slice(0, 500)}`);
  return new Response(file.body, {
    headers: { "content-type": "application/octet-stream", "content-length": String(file.size) },
  });
}

async function putFile(c: AppContext): Promise<Response> {
  const name = c.req.query("name") ?? "";
  const lease = await leaseOf(c);
  const path = fileInFolder(taskRunFolder(lease, lease.taskId, lease.taskRunId), name);
  if (path === undefined) throw new HttpError(422, "Invalid name: a relative path of plain names is expected");
  const length = c.req.header("content-length");
  const body = c.req.raw.body ? limitBody(c.req.raw.body, STREAM_MAX_BYTES) : new Uint8Array();
  await portsOf(c.env).files.put(path, body, length === undefined ? undefined : Number(length));
  return c.json({ uri: fileUri(path) });
}

function mayRead(lease: LeaseFacts, path: FilePath): boolean {
  if (lease.mentions || isInside(executionFolder(lease), path)) return true;
  return isInside(namespaceFilesFolder(lease.tenant, lease.namespace), path);
}

async function leaseOf(c: AppContext, uri?: string): Promise<LeaseFacts> {
  const epoch = Number(c.req.query("epoch"));
  const dispatch = dispatchOf(c.env, c.req.query("group") ?? "");
  const lease = await reached(dispatch.mayUse(c.req.query("job") ?? "", epoch, uri));
  if (!lease) throw fenced();
  return lease;
}

function fenced(): HttpError {
  return conflict("the lease of this job is not (any more) yours; stop it and send nothing more about it");
}

function dispatchOf(env: Env, group: string): DispatchAgentRpc {
  return actorByName(env.DISPATCH, dispatchName(TENANT, group));
}

/** An actor or cell that is away for a moment is no fault of the call: the agent tries again. */
async function reached<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    console.error("dispatch actor:", error);
    throw new HttpError(503, "Service Unavailable: the job's actor cannot be reached; try again", {
      headers: { "retry-after": "1" },
    });
  }
}

async function bodyOf<S extends z.ZodType>(c: AppContext, schema: S): Promise<z.output<S>> {
  const text = await readText(c.req.raw, BODY_MAX_BYTES);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new HttpError(400, "Bad Request: the body is not JSON");
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({
    code: "INVALID_VALUE" as const,
    message,
    path: path.join("."),
  }));
  throw new HttpError(422, `Invalid entity: ${problems.map(({ path, message }) => `${path}: ${message}`).join("; ")}`, {
    problems,
  });
}
