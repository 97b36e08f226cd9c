import { encodeUtf8 } from "#schema/bytes.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import {
  EMPTY_PLACE,
  isPlaceName,
  MAX_MANIFEST_BYTES,
  PLACE_FOLDER,
  type PlaceFile,
  type PlaceManifest,
  parseManifest,
  placeProblem,
} from "#schema/place.ts";
import type { Asker, RunOfPlace } from "#shell/world.ts";
import { TaskFailure } from "#tasks/define.ts";
import { matchesGlob } from "#tasks/glob.ts";
import { readableFile } from "../lookups.ts";
import {
  executionFolder,
  type FilePath,
  fileInFolder,
  fileUri,
  isInside,
  parseFileUri,
  taskRunFolder,
} from "../ports/file-path.ts";
import type { Files } from "../ports/files.ts";

// Directories that tasks share, in the internal storage: see actors/schema/place.ts.

type Refused = { ok: false; message: string };
const refused = (message: string): Refused => ({ ok: false, message });

const STORED = /^kestra:\/\/\S*$/;

/** Puts files into a new directory; twice gives the same list. */
export async function openPlace(
  files: Files,
  asker: Asker,
  owner: RunOfPlace,
  given: JsonObject,
): Promise<{ ok: true; manifest: string | undefined } | Refused> {
  const folder = placeFolder(asker, owner);
  try {
    const entries: PlaceFile[] = [];
    for (const [name, content] of Object.entries(given)) {
      const plain = name.startsWith("./") ? name.slice(2) : name;
      if (!isPlaceName(plain))
        throw new TaskFailure(`Invalid file name (only a relative path is supported) for path '${name}'`);
      if (content !== null) entries.push(await entryOf(files, asker, folder, plain, content));
    }
    const problem = placeProblem(entries);
    if (problem !== undefined) return refused(problem);
    if (entries.length === 0) return { ok: true, manifest: undefined };
    return { ok: true, manifest: await keepManifest(files, folder, { files: entries }) };
  } catch (error) {
    if (error instanceof TaskFailure) return refused(error.message);
    throw error;
  }
}

async function entryOf(files: Files, asker: Asker, folder: FilePath, name: string, content: Json): Promise<PlaceFile> {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  if (!STORED.test(text)) return { name, ...(await keepBytes(files, folder, encodeUtf8(text))) };
  const source = readableFile(asker, { path: text });
  if ("reason" in source) throw new TaskFailure(source.reason);
  const head = await files.head(source.path);
  if (head === null) throw new TaskFailure(`There is no file ${text}.`);
  // A file of the execution itself stays as long as the directory does; another one's may go any time.
  if (isInside(executionFolder(asker), source.path)) return { name, uri: text, size: head.size };
  const path = inFolder(
    folder,
    `file-${encodeURIComponent(name).replaceAll("%", "_").slice(-100)}-${await hashOf(encodeUtf8(name))}`,
  );
  await copy(files, source.path, path);
  return { name, uri: fileUri(path), size: head.size };
}

/** Keeps what matches a pattern; twice gives the same. */
export async function closePlace(
  files: Files,
  asker: Asker,
  owner: RunOfPlace,
  manifestUri: string | undefined,
  patterns: readonly string[],
): Promise<{ ok: true; outputFiles: JsonObject } | Refused> {
  for (const pattern of patterns) {
    if (pattern.startsWith("/") || pattern.split("/").includes(".."))
      return refused(`Invalid outputFile (only relative path is supported) for path '${pattern}'`);
  }
  const folder = taskRunFolder(asker, owner.taskId, owner.taskRunId);
  const kept: [string, string][] = [];
  try {
    const manifest = patterns.length === 0 ? EMPTY_PLACE : await readManifest(files, asker, manifestUri);
    for (const { name, uri } of manifest.files) {
      if (!patterns.some((pattern) => matchesGlob(pattern, name))) continue;
      const target = fileInFolder(folder, name);
      if (target === undefined) throw new TaskFailure(`'${name}' cannot be kept under its name: rename it first.`);
      await copy(files, ownFile(asker, uri), target);
      kept.push([name, fileUri(target)]);
    }
  } catch (error) {
    if (error instanceof TaskFailure) return refused(error.message);
    throw error;
  }
  return { ok: true, outputFiles: Object.fromEntries(kept) };
}

export async function removePlace(files: Files, asker: Asker, runs: readonly RunOfPlace[]): Promise<void> {
  for (const run of runs) await files.deleteFolder(placeFolder(asker, run));
}

/** Where a task run keeps what it stores for the directory. */
export function placeFolder(place: Asker, { taskId, taskRunId, opened }: RunOfPlace): FilePath {
  const folder = inFolder(taskRunFolder(place, taskId, taskRunId), PLACE_FOLDER);
  return opened === undefined ? folder : inFolder(folder, opened.replaceAll(":", "-"));
}

/** The list that `uri` names; an empty one when there is none yet. */
export async function readManifest(files: Files, asker: Asker, uri: string | undefined): Promise<PlaceManifest> {
  if (uri === undefined) return EMPTY_PLACE;
  const found = await files.get(ownFile(asker, uri));
  if (found === null) throw new TaskFailure(`The list of the working directory's files is gone: ${uri}`);
  if (found.size > MAX_MANIFEST_BYTES) {
    await found.body.cancel();
    throw new TaskFailure(`The list of the working directory's files has ${found.size} bytes.`);
  }
  return parseManifest(await new Response(found.body).text());
}

export async function keepManifest(files: Files, folder: FilePath, manifest: PlaceManifest): Promise<string> {
  const { uri } = await keepBytes(files, folder, encodeUtf8(JSON.stringify(manifest)));
  return uri;
}

/** Stores content under its hash. */
export async function keepBytes(
  files: Files,
  folder: FilePath,
  content: Uint8Array,
): Promise<Pick<PlaceFile, "uri" | "size" | "hash">> {
  const hash = await hashOf(content);
  const path = inFolder(folder, hash);
  await files.put(path, content);
  return { uri: fileUri(path), size: content.length, hash };
}

/** A file of this execution: what a list names is nobody else's. */
export function ownFile(asker: Asker, uri: string): FilePath {
  const path = parseFileUri(asker.tenant, uri);
  if (path !== undefined && isInside(executionFolder(asker), path)) return path;
  throw new TaskFailure(`'${uri}' is no file of this execution.`);
}

async function copy(files: Files, from: FilePath, to: FilePath): Promise<void> {
  const found = await files.get(from);
  if (found === null) throw new TaskFailure(`There is no file ${fileUri(from)}.`);
  await files.put(to, found.body, found.size);
}

function inFolder(folder: FilePath, name: string): FilePath {
  const path = fileInFolder(folder, name);
  if (path === undefined) throw new Error("a storage path of our own is not plain");
  return path;
}

async function hashOf(content: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
