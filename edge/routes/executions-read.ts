import * as z from "zod";
import { SORT_FIELDS } from "../db/queries.ts";
import { executionFromSummary } from "../execution-json.ts";
import { HttpError, illegalArgument, notFound } from "../http-error.ts";
import { readText } from "../middleware/body/body-limit.ts";
import type { AppParts } from "../parts.ts";
import { executionFolder, executionOfFile, fileName, isInside, parseFileUri } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { cellOf, foundOr404, param, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { ExecutionFilterQuery, executionConditions, filterConditions, PagingQuery, pagingOf } from "../search-query.ts";
import { ExecutionAnswer, pageOf } from "./answers.ts";
import { attachment, eventStream } from "./streams.ts";

const SearchQuery = PagingQuery.extend(ExecutionFilterQuery.shape);
const OfFlowQuery = PagingQuery.pick({ page: true, size: true }).extend({ namespace: z.string(), flowId: z.string() });
const EventsQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).describe("Sequence number of the last known event"),
});
const FileQuery = z.object({ path: z.string().max(4096).describe("`kestra:///…`") });
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
const EXPRESSION_MAX_BYTES = 100_000;

/** What can be seen of executions. */
export function executionReadRoutes(parts: AppParts): readonly Route[] {
  async function get(c: AppContext): Promise<Response> {
    const { cell, id } = cellOf(c);
    return c.json(foundOr404(await cell.get(id), id));
  }

  async function search(c: AppContext): Promise<Response> {
    const given = query(c, SearchQuery);
    const now = parts.now();
    const conditions = [...executionConditions(given, now), ...filterConditions(c, FILTER_FIELDS, now)];
    const paging = pagingOf(given, SORT_FIELDS.executions);
    const page = await portsOf(c.env).projection.searchExecutions(tenantOf(c), conditions, paging);
    return c.json({ results: page.results.map((summary) => executionFromSummary(summary, now)), total: page.total });
  }

  async function ofFlow(c: AppContext): Promise<Response> {
    for (const name of ["namespace", "flowId"]) {
      if (c.req.query(name) === undefined)
        throw new HttpError(400, `Bad Request: Required QueryValue [${name}] not specified`);
    }
    const given = query(c, OfFlowQuery);
    const conditions = executionConditions(given, parts.now());
    const paging = { page: given.page, size: given.size, sort: [] };
    const page = await portsOf(c.env).projection.searchExecutions(tenantOf(c), conditions, paging);
    const now = parts.now();
    return c.json({ results: page.results.map((summary) => executionFromSummary(summary, now)), total: page.total });
  }

  async function follow(c: AppContext): Promise<Response> {
    const { cell, id } = cellOf(c);
    return eventStream(foundOr404(await cell.followExecution(id), id));
  }

  async function stream(c: AppContext): Promise<Response> {
    const { cell, id } = cellOf(c);
    return eventStream(foundOr404(await cell.stream(id, knownOf(c)), id));
  }

  async function events(c: AppContext): Promise<Response> {
    const { cell, id } = cellOf(c);
    return c.json(foundOr404(await cell.events(id, query(c, EventsQuery).after), id));
  }

  async function evaluate(c: AppContext): Promise<Response> {
    const { cell, id } = cellOf(c);
    const expression = await readText(c.req.raw, EXPRESSION_MAX_BYTES);
    const taskRunId = param(c, "taskRunId") || undefined;
    return c.json(foundOr404(await cell.evaluate(id, taskRunId, expression), id));
  }

  async function openFile(c: AppContext) {
    const { cell, id } = cellOf(c);
    const execution = foundOr404(await cell.get(id), id);
    const tenant = tenantOf(c);
    const path = parseFileUri(tenant, query(c, FileQuery).path);
    if (path === undefined) throw illegalArgument("the path is not a plain kestra:/// URI");
    const { namespace, flowId } = execution;
    const isOwn = isInside(executionFolder({ tenant, namespace, flowId, executionId: id }), path);
    return { path, isOwn };
  }

  async function download(c: AppContext): Promise<Response> {
    const { path, isOwn } = await openFile(c);
    if (!isOwn) return redirectToOwner(c, executionOfFile(path));
    const file = await portsOf(c.env).files.get(path);
    if (!file) throw notFound("the file is not in the storage");
    const headers = {
      "content-type": "application/octet-stream",
      "content-length": String(file.size),
      ...attachment(fileName(path)),
    };
    return new Response(file.body, { headers });
  }

  async function metas(c: AppContext): Promise<Response> {
    const { path, isOwn } = await openFile(c);
    if (!isOwn) return redirectToOwner(c, executionOfFile(path));
    const head = await portsOf(c.env).files.head(path);
    if (!head) throw notFound("the file is not in the storage");
    return c.json({ size: head.size });
  }

  const one = { 200: { description: "The execution", schema: ExecutionAnswer } };
  const sse = { 200: { description: "Server-sent events", contentType: "text/event-stream" } };
  const page = { 200: { description: "A page of executions", schema: pageOf(ExecutionAnswer) } };
  const evaluated = { 200: { description: "`result`, or `error` and `stackTrace`", schema: EvalAnswer } };
  const tag = "Executions";
  return [
    {
      method: "GET",
      path: "/executions/search",
      guard: "user",
      summary: "Find executions",
      handler: search,
      openapi: { tag, query: SearchQuery, answers: page },
    },
    {
      method: "GET",
      path: "/executions",
      guard: "user",
      summary: "Executions of one flow",
      handler: ofFlow,
      openapi: { tag, query: OfFlowQuery, answers: page },
    },
    {
      method: "GET",
      path: "/executions/:executionId",
      guard: "user",
      summary: "An execution",
      handler: get,
      openapi: { tag, answers: one },
    },
    {
      method: "GET",
      path: "/executions/:executionId/follow",
      guard: "user",
      summary: "An execution after each change",
      handler: follow,
      openapi: { tag, answers: sse },
    },
    {
      method: "GET",
      path: "/executions/:executionId/stream",
      guard: "user",
      summary: "Source, events and log lines as they come",
      handler: stream,
      openapi: { tag, answers: sse },
    },
    {
      method: "GET",
      path: "/executions/:executionId/events",
      guard: "user",
      summary: "The event log",
      handler: events,
      openapi: { tag, query: EventsQuery, answers: { 200: { description: "Events", schema: EventsAnswer } } },
    },
    {
      method: "POST",
      path: "/executions/:executionId/eval",
      guard: "user",
      summary: "Evaluate an expression",
      body: "text",
      handler: evaluate,
      openapi: { tag, answers: evaluated },
    },
    {
      method: "POST",
      path: "/executions/:executionId/eval/:taskRunId",
      guard: "user",
      summary: "Evaluate an expression as a task run sees it",
      body: "text",
      handler: evaluate,
      openapi: { tag, answers: evaluated },
    },
    {
      method: "GET",
      path: "/executions/:executionId/file",
      guard: "user",
      summary: "Download a file of the execution",
      handler: download,
      openapi: {
        tag,
        query: FileQuery,
        answers: { 200: { description: "The file", contentType: "application/octet-stream" } },
      },
    },
    {
      method: "GET",
      path: "/executions/:executionId/file/metas",
      guard: "user",
      summary: "Size of a file",
      handler: metas,
      openapi: {
        tag,
        query: FileQuery,
        answers: { 200: { description: "Its size", schema: z.object({ size: z.int() }) } },
      },
    },
  ];
}

const EvalAnswer = z.union([z.object({ result: z.string() }), z.object({ error: z.string(), stackTrace: z.string() })]);
const EventsAnswer = z.object({
  source: z.string(),
  revision: z.int(),
  events: z.array(z.looseObject({ kind: z.string(), at: z.number() })),
});

/** A file of another execution is to be asked for there, where its own guard and owner check stand. */
function redirectToOwner(c: AppContext, owner: string | undefined): Response {
  if (owner === undefined || owner === param(c, "executionId")) throw illegalArgument("Invalid prefix path");
  const path = encodeURIComponent(c.req.query("path") ?? "");
  const suffix = c.req.path.endsWith("/metas") ? "/metas" : "";
  const location = `/api/v1/executions/${encodeURIComponent(owner)}/file${suffix}?path=${path}`;
  return new Response(null, { status: 302, headers: { location } });
}

/** What a follower that comes back knows already: the last event id it saw, `seq:line`. */
function knownOf(c: AppContext): { seq: number; line: number } | undefined {
  const [, seq, line] =
    /^(\d{1,12}):(\d{1,12})$/.exec(c.req.header("last-event-id") ?? c.req.query("after") ?? "") ?? [];
  return seq === undefined || line === undefined ? undefined : { seq: Number(seq), line: Number(line) };
}
