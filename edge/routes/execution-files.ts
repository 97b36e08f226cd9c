import * as z from "zod";
import { illegalArgument, notFound } from "../http-error.ts";
import { executionFolder, executionOfFile, fileName, isInside, parseFileUri } from "../ports/file-path.ts";
import { portsOf } from "../ports/ports.ts";
import { cellOf, foundOr404, param, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { attachment } from "./streams.ts";
import { userRoute } from "./user-route.ts";

const FileQuery = z.object({ path: z.string().max(4096).describe("`kestra:///…`") });
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

/** A file of another execution is to be asked for there, where its own guard and owner check stand. */
function redirectToOwner(c: AppContext, owner: string | undefined): Response {
  if (owner === undefined || owner === param(c, "executionId")) throw illegalArgument("Invalid prefix path");
  const path = encodeURIComponent(c.req.query("path") ?? "");
  const suffix = c.req.path.endsWith("/metas") ? "/metas" : "";
  const location = `/api/v1/executions/${encodeURIComponent(owner)}/file${suffix}?path=${path}`;
  return new Response(null, { status: 302, headers: { location } });
}
