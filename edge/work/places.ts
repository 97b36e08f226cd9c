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
import type { Asker, PlaceContents, PlaceKeeping, RunOfPlace } from "#shell/world.ts";
import { type NamespaceFile, TaskFailure } from "#tasks/define.ts";
import { matchesGlob } from "#tasks/glob.ts";
import { chooseNamespaceFiles } from "#tasks/namespace-files.ts";
import { readableFile } from "../lookups.ts";
import {
  executionFolder,
  type FilePath,
  fileInFolder,
  fileUri,
  isInside,
  namespaceFilesFolder,
  taskRunFolder,
} from "../ports/file-path.ts";
import type { Files } from "../ports/files.ts";
import { restoreCache, saveCache } from "./place-cache.ts";
import { copyFile, hashOf, inFolder, ownFile } from "./place-files.ts";

// Directories that tasks share, in the internal storage: see actors/schema/place.ts.

type Refused = { ok: false; message: string };
const refused = (message: string): Refused => ({ ok: false, message });

const STORED = /^kestra:\/\/\S*$/;

/** The storage, the clock, and the files of namespaces. */
export type PlaceWorld = {
  files: Files;
  now: () => number;
  listNamespace: (namespace: string) => Promise<readonly NamespaceFile[]>;
};

/** Puts files into a new directory; again, it gives a list of the same names. */
export async function openPlace(
  world: PlaceWorld,
  asker: Asker,
  owner: RunOfPlace,
  contents: PlaceContents,
): Promise<{ ok: true; manifest: string | undefined } | Refused> {
  const { files } = world;
  const folder = placeFolder(asker, owner);
  try {
    const entries = await firstEntries(world, asker, owner, contents);
    const problem = placeProblem(entries);
    if (problem !== undefined) return refused(problem);
    if (entries.length === 0) return { ok: true, manifest: undefined };
    return { ok: true, manifest: await keepManifest(files, folder, { files: entries }) };
  } catch (error) {
    if (error instanceof TaskFailure) return refused(error.message);
    throw error;
  }
}

/** What was cached, over it files of namespaces, over them what the task gives itself. */
async function firstEntries(
  { files, now, listNamespace }: PlaceWorld,
  asker: Asker,
  owner: RunOfPlace,
  { files: given, namespaceFiles, cache }: PlaceContents,
): Promise<PlaceFile[]> {
  const folder = placeFolder(asker, owner);
  const entries = new Map<string, PlaceFile>();
  const copied = async (name: string, from: FilePath, size: number, more: Partial<PlaceFile> = {}) => {
    const path = inFolder(folder, copyName(name, await hashOf(encodeUtf8(name))));
    await copyFile(files, from, path);
    return { ...more, name, uri: fileUri(path), size };
  };
  if (cache !== undefined) {
    const restored = await restoreCache(files, asker, owner, cache, now(), (from, file) =>
      copied(file.name, from, file.size, file),
    );
    for (const entry of restored) entries.set(entry.name, entry);
  }
  const chosen = await chooseNamespaceFiles(namespaceFiles, asker.namespace, listNamespace);
  for (const { name, namespace, path, size } of chosen.files) {
    const from = fileInFolder(namespaceFilesFolder(asker.tenant, namespace), path);
    if (from !== undefined) entries.set(name, await copied(name, from, size));
  }
  for (const [name, content] of Object.entries(given)) {
    const plain = name.startsWith("./") ? name.slice(2) : name;
    if (!isPlaceName(plain))
      throw new TaskFailure(`Invalid file name (only a relative path is supported) for path '${name}'`);
    if (content !== null) entries.set(plain, await entryOf(files, asker, folder, plain, content));
  }
  return [...entries.values()];
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
  const path = inFolder(folder, copyName(name, await hashOf(encodeUtf8(name))));
  await copyFile(files, source.path, path);
  return { name, uri: fileUri(path), size: head.size };
}

function copyName(name: string, hash: string): string {
  return `file-${encodeURIComponent(name).replaceAll("%", "_").slice(-100)}-${hash}`;
}

/** Keeps what matches a pattern; twice gives the same. */
export async function closePlace(
  { files, now }: PlaceWorld,
  asker: Asker,
  owner: RunOfPlace,
  manifestUri: string | undefined,
  { patterns, cache }: PlaceKeeping,
): Promise<{ ok: true; outputFiles: JsonObject } | Refused> {
  for (const pattern of patterns) {
    if (pattern.startsWith("/") || pattern.split("/").includes(".."))
      return refused(`Invalid outputFile (only relative path is supported) for path '${pattern}'`);
  }
  const folder = taskRunFolder(asker, owner.taskId, owner.taskRunId);
  const kept: [string, string][] = [];
  try {
    const isNeeded = patterns.length > 0 || cache !== undefined;
    const manifest = isNeeded ? await readManifest(files, asker, manifestUri) : EMPTY_PLACE;
    for (const { name, uri } of manifest.files) {
      if (!patterns.some((pattern) => matchesGlob(pattern, name))) continue;
      const target = fileInFolder(folder, name);
      if (target === undefined) throw new TaskFailure(`'${name}' cannot be kept under its name: rename it first.`);
      await copyFile(files, ownFile(asker, uri), target);
      kept.push([name, fileUri(target)]);
    }
    if (cache !== undefined) await saveCache(files, asker, owner, cache, now(), manifest, fileUri);
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
