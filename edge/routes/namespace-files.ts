import * as z from "zod";
import { flowActorName } from "#actors/flow-actor/flow-rpc.ts";
import type { FileEntry, FileRefusal } from "#actors/namespace/files-rpc.ts";
import { actorByName } from "../env.ts";
import { conflict, type HttpError, illegalArgument, notFound } from "../http-error.ts";
import { type Changed, type NamespaceFiles, namespaceFilesOf } from "../namespace-files.ts";
import { importFlowFile, importNamespaceZip, isFlowsPath } from "../namespace-import.ts";
import { namespacePath } from "../namespace-path.ts";
import type { AppParts } from "../parts.ts";
import { portsOf } from "../ports/ports.ts";
import { namespaceOf, query, tenantOf } from "../request.ts";
import type { AppContext, Route } from "../route.ts";
import { withUpload } from "../upload.ts";
import { textBytes, type ZipSource } from "../zip/write-zip.ts";
import { chunksOf } from "../zip/zip-source.ts";
import { fileAnswer, zipAnswer } from "./file-answer.ts";
import { userRoute } from "./user-route.ts";

// `/namespaces/{namespace}/files`. A path in an answer begins with a slash, as Kestra's clients have it.

const tag = "Namespace files";
const path = z.string().describe("Path of the file, such as `/scripts/main.py`");
const PathQuery = z.object({ path });
const FolderQuery = z.object({ path: path.default("/") });
const UploadQuery = z.object({ path: path.optional() });
const GetQuery = PathQuery.extend({ revision: z.coerce.number().int().min(1).optional() });
const MoveQuery = z.object({ from: path, to: path });
const SearchQuery = z.object({ q: z.string().max(500).describe("Part of a path") });
const MAX_FLOWS = 1000;

const Attributes = z.object({
  fileName: z.string(),
  lastModifiedTime: z.number().describe("In ms since 1970"),
  creationTime: z.number().describe("In ms since 1970"),
  type: z.enum(["File", "Directory"]),
  size: z.number().describe("In bytes"),
});
const Revision = z.object({ revision: z.int(), size: z.int().describe("In bytes"), date: z.string() });

const attributes = ({ path: of, kind, size, createdAt, updatedAt }: FileEntry): z.infer<typeof Attributes> => ({
  fileName: of.slice(of.lastIndexOf("/") + 1),
  lastModifiedTime: updatedAt,
  creationTime: createdAt,
  type: kind === "folder" ? "Directory" : "File",
  size,
});

export function namespaceFileRoutes({ language }: AppParts): readonly Route[] {
  /** A zip is unpacked at the root; a file below `/_flows` becomes a flow of the namespace. */
  async function upload(c: AppContext): Promise<Response> {
    const target = query(c, UploadQuery).path;
    const place = { env: c.env, tenant: tenantOf(c), namespace: namespaceOf(c), language };
    await withUpload(c, "fileContent", async ({ filename = "", body }) => {
      if (/\.zip$/i.test(filename)) return done(await importNamespaceZip(place, body));
      if (target === undefined) throw illegalArgument("give the `path` of the file");
      const to = namespacePath(place.tenant, place.namespace, target);
      if (isFlowsPath(to)) return importFlowFile(place, to, body);
      if (to === "") throw illegalArgument("the path of a file has a name");
      return done(await filesOf(c).write(to, body));
    });
    return c.body(null, 200);
  }
  return routesOf(upload);
}

function filesOf(c: AppContext): NamespaceFiles {
  return namespaceFilesOf(c.env, tenantOf(c), namespaceOf(c));
}

/** The path that the query names; `/_flows` holds no files. */
function pathOf(c: AppContext, given: string): string {
  const plain = namespacePath(tenantOf(c), namespaceOf(c), given);
  if (isFlowsPath(plain)) throw illegalArgument(`Forbidden path: /${plain}`);
  return plain;
}

function done(changed: Changed): void {
  if (changed.kind !== "done") throw refusal(changed);
}

function refusal(refused: FileRefusal): HttpError {
  switch (refused.kind) {
    case "absent":
      return notFound(`there is no file /${refused.path}`);
    case "exists":
      return conflict(`/${refused.path} is there already`);
    case "blocked":
      return conflict(`/${refused.path} is a file where a folder is needed, or a folder where a file is`);
    case "inside":
      return illegalArgument(`/${refused.path} lies within the folder that is to be moved`);
    case "full":
      return conflict(`a namespace has at most ${refused.limit} files and folders`);
  }
}

async function get(c: AppContext): Promise<Response> {
  const { path: given, revision } = query(c, GetQuery);
  const name = pathOf(c, given);
  const files = filesOf(c);
  const found = await files.revision(name, revision);
  if (!found)
    throw notFound(revision === undefined ? `there is no file /${name}` : `/${name} has no revision ${revision}`);
  const head = { size: found.size, modifiedAt: found.createdAt };
  return fileAnswer(c, {
    name: name.slice(name.lastIndexOf("/") + 1),
    head,
    open: (range) => files.open(found, range),
  });
}

async function move(c: AppContext): Promise<Response> {
  const { from, to } = query(c, MoveQuery);
  const [source, target] = [pathOf(c, from), pathOf(c, to)];
  if (source === "" || target === "") throw illegalArgument("the root cannot be moved, and nothing to its place");
  done(await filesOf(c).move(source, target));
  return c.body(null, 200);
}

async function remove(c: AppContext): Promise<Response> {
  const name = pathOf(c, query(c, PathQuery).path);
  if (name === "") throw illegalArgument("the root cannot be deleted: name a file or a folder");
  const files = filesOf(c);
  if (!(await files.stat(name))) throw notFound(`there is no file /${name}`);
  await files.remove([name]);
  return c.body(null, 200);
}

async function search(c: AppContext): Promise<Response> {
  const { q } = query(c, SearchQuery);
  const wanted = q.toLowerCase();
  const paths = (await filesOf(c).all()).map((file) => `/${file.path}`);
  return c.json(paths.filter((name) => name.toLowerCase().includes(wanted)));
}

async function stats(c: AppContext): Promise<Response> {
  const name = pathOf(c, query(c, FolderQuery).path);
  if (name === "") return c.json(attributes({ ...ROOT, path: "_files" }));
  const entry = await filesOf(c).stat(name);
  if (!entry) throw notFound(`there is no file /${name}`);
  return c.json(attributes(entry));
}

const ROOT: FileEntry = { path: "", kind: "folder", size: 0, createdAt: 0, updatedAt: 0, revision: 0 };

async function folder(c: AppContext): Promise<Response> {
  const name = pathOf(c, query(c, FolderQuery).path);
  const entries = await filesOf(c).folder(name);
  if (!entries) throw notFound(`there is no folder /${name}`);
  return c.json(entries.map(attributes));
}

async function makeFolder(c: AppContext): Promise<Response> {
  const name = pathOf(c, query(c, PathQuery).path);
  if (name === "") throw illegalArgument("the path of a folder has a name");
  done(await filesOf(c).makeFolder(name));
  return c.body(null, 200);
}

async function revisions(c: AppContext): Promise<Response> {
  const name = pathOf(c, query(c, PathQuery).path);
  const found = await filesOf(c).revisions(name);
  if (found.length === 0) throw notFound(`there is no file /${name}`);
  return c.json(
    found.map(({ revision, size, createdAt }) => ({ revision, size, date: new Date(createdAt).toISOString() })),
  );
}

async function exportAll(c: AppContext): Promise<Response> {
  return zipAnswer(`${namespaceOf(c)}_files.zip`, exported(c));
}

/** The files, and the flows of the namespace as files below `_flows`. */
async function* exported(c: AppContext): AsyncGenerator<ZipSource> {
  const [tenant, namespace] = [tenantOf(c), namespaceOf(c)];
  const files = filesOf(c);
  for (const found of await files.all()) {
    const file = await files.open(found);
    if (file) yield { name: found.path, modifiedAt: found.createdAt, bytes: chunksOf(file.body) };
  }
  const ofNamespace = [{ field: "namespace", op: "EQUALS", values: [namespace] } as const];
  const page = { page: 1, size: MAX_FLOWS, sort: [{ field: "id", descending: false }] };
  for (const { id } of (await portsOf(c.env).projection.searchFlows(tenant, ofNamespace, page)).results) {
    const head = await actorByName(c.env.FLOW, flowActorName({ tenant, namespace, flowId: id })).head();
    if (head.kind === "found") yield { name: `_flows/${id}.yml`, modifiedAt: 0, bytes: textBytes(head.flow.source) };
  }
}

function routesOf(upload: Route["handler"]): readonly Route[] {
  const at = "/namespaces/:namespace/files" as const;
  const nothing = { 200: { description: "Done" } };
  const bytes = { 200: { description: "The bytes", contentType: "application/octet-stream" } };
  return [
    userRoute(`GET ${at}`, "A namespace file, or a revision of it", get, { tag, query: GetQuery, answers: bytes }),
    userRoute(`POST ${at}`, "Create or replace a file, or unpack a zip", upload, {
      tag,
      body: "multipart",
      query: UploadQuery,
      answers: nothing,
    }),
    userRoute(`PUT ${at}`, "Move or rename a file or a folder", move, { tag, query: MoveQuery, answers: nothing }),
    userRoute(`DELETE ${at}`, "Delete a file or a folder", remove, { tag, query: PathQuery, answers: nothing }),
    userRoute(`GET ${at}/search`, "Paths that have a text in them", search, {
      tag,
      query: SearchQuery,
      answers: { 200: { description: "Paths", schema: z.array(z.string()) } },
    }),
    userRoute(`GET ${at}/stats`, "What is known of a file or a folder", stats, {
      tag,
      query: FolderQuery,
      answers: { 200: { description: "Its attributes", schema: Attributes } },
    }),
    userRoute(`GET ${at}/directory`, "What lies in a folder", folder, {
      tag,
      query: FolderQuery,
      answers: { 200: { description: "Files and folders, by name", schema: z.array(Attributes) } },
    }),
    userRoute(`POST ${at}/directory`, "Create a folder", makeFolder, { tag, query: PathQuery, answers: nothing }),
    userRoute(`GET ${at}/revisions`, "The revisions of a file, oldest first", revisions, {
      tag,
      query: PathQuery,
      answers: { 200: { description: "Revisions", schema: z.array(Revision) } },
    }),
    userRoute(`GET ${at}/export`, "All files and flows of the namespace, as a zip", exportAll, {
      tag,
      answers: { 200: { description: "The zip", contentType: "application/zip" } },
    }),
  ];
}
