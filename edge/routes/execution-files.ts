import * as z from "zod";
import { illegalArgument, notFound } from "../http-error.ts";
import { executionFolder, executionOfFile, fileName, isInside, parseFileUri } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { DEFAULT_ROWS, MAX_ROWS, previewOf } from "../preview.ts";
import { cellOf, foundOr404, param, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { fileAnswer } from "./file-answer.ts";
import { userRoute } from "./user-route.ts";

const FileQuery = z.object({ path: z.string().max(4096).describe("`kestra:///…`") });
const PreviewQuery = FileQuery.extend({
  maxRows: z.coerce.number().int().min(1).default(DEFAULT_ROWS).describe(`Lines at most, ${MAX_ROWS} if it is more`),
  encoding: z.string().max(50).default("UTF-8"),
});
const PreviewAnswer = z.object({
  extension: z.string(),
  type: z.enum(["TEXT", "LIST", "IMAGE", "MARKDOWN", "PDF"]),
  content: z.unknown().describe("Text, a list of rows, or base64"),
  maxLine: z.int(),
  truncated: z.boolean(),
});
const tag = "Executions";

/** Files of one execution. A file is answered only when it belongs to the execution in the path. */
export const executionFileRoutes: readonly Route[] = [
  userRoute("GET /executions/:executionId/file", "Download a file of the execution", download, {
    tag,
    query: FileQuery,
    answers: { 200: { description: "The file", contentType: "application/octet-stream" } },
  }),
  userRoute("GET /executions/:executionId/file/metas", "Size of a file", metas, {
    tag,
    query: FileQuery,
    answers: { 200: { description: "Its size", schema: z.object({ size: z.int() }) } },
  }),
  userRoute("GET /executions/:executionId/file/preview", "The beginning of a file", preview, {
    tag,
    query: PreviewQuery,
    answers: { 200: { description: "As a page can show it", schema: PreviewAnswer } },
  }),
];

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
  const { files } = portsOf(c.env);
  const head = await files.head(path);
  if (!head) throw notFound("the file is not in the storage");
  return fileAnswer(c, { name: fileName(path), head, open: (range) => files.get(path, range) });
}

async function preview(c: AppContext): Promise<Response> {
  const { path, isOwn } = await openFile(c);
  if (!isOwn) return redirectToOwner(c, executionOfFile(path));
  const { maxRows, encoding } = query(c, PreviewQuery);
  const open = (length: number) => portsOf(c.env).files.get(path, { offset: 0, length });
  const found = await previewOf(fileName(path), open, { maxRows: Math.min(maxRows, MAX_ROWS), encoding });
  if (!found) throw notFound("the file is not in the storage");
  return c.json(found);
}

async function metas(c: AppContext): Promise<Response> {
  const { path, isOwn } = await openFile(c);
  if (!isOwn) return redirectToOwner(c, executionOfFile(path));
  const head = await portsOf(c.env).files.head(path);
  if (!head) throw notFound("the file is not in the storage");
  return c.json({ size: head.size });
}

/** A file of another execution is to be asked for there, where its own guard and owner check stand. */
function redirectToOwner(c: AppContext, owner: string | undefined): Response {
  if (owner === undefined || owner === param(c, "executionId")) throw illegalArgument("Invalid prefix path");
  const suffix = /\/(?:metas|preview)$/.exec(c.req.path)?.[0] ?? "";
  const search = new URL(c.req.url).search;
  const location = `/api/v1/executions/${encodeURIComponent(owner)}/file${suffix}${search}`;
  return new Response(null, { status: 302, headers: { location } });
}
