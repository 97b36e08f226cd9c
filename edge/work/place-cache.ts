import * as z from "zod";
import { encodeUtf8 } from "#schema/bytes.ts";
import { type PlaceCache, PlaceFile, type PlaceManifest } from "#schema/place.ts";
import type { Asker, RunOfPlace } from "#shell/world.ts";
import { matchesGlob } from "#tasks/glob.ts";
import { cacheFolder, type FilePath, parseFileUri } from "../ports/file-path.ts";
import type { Files } from "../ports/files.ts";
import { copyFile, hashOf, inFolder, ownFile } from "./place-files.ts";

// What a WorkingDirectory keeps for the executions after this one: a list, and contents under their hash beside it.
//
// C1. The list is written last, and what it does not name any more is deleted after it: a crash leaves an old list, or a whole new one.
// C2. A cache that is too old, or of which a file is gone, is as if there were none.
// C3. It is written again only when a file in it changed.

const LIST = "list.json";

const CacheList = z.object({ savedAt: z.number(), files: z.array(PlaceFile.extend({ hash: z.string() })) });
type CacheList = z.infer<typeof CacheList>;

/** The files to begin with; copies for the directory are made by `keep`. */
export async function restoreCache(
  files: Files,
  asker: Asker,
  owner: RunOfPlace,
  cache: PlaceCache,
  now: number,
  keep: (from: FilePath, file: PlaceFile) => Promise<PlaceFile>,
): Promise<PlaceFile[]> {
  const list = await readList(files, folderOf(asker, owner));
  if (list === undefined || (cache.ttlMs !== undefined && now - list.savedAt > cache.ttlMs)) return [];
  const restored: PlaceFile[] = [];
  for (const file of list.files) {
    const path = parseFileUri(asker.tenant, file.uri);
    if (path === undefined || (await files.head(path)) === null) return [];
    restored.push(await keep(path, file));
  }
  return restored;
}

/** Keeps what the patterns name. */
export async function saveCache(
  files: Files,
  asker: Asker,
  owner: RunOfPlace,
  cache: PlaceCache,
  now: number,
  manifest: PlaceManifest,
  uriOf: (path: FilePath) => string,
): Promise<void> {
  const folder = folderOf(asker, owner);
  const before = await readList(files, folder);
  const wanted = manifest.files.filter(({ name }) => cache.patterns.some((pattern) => matchesGlob(pattern, name)));
  const isOld = cache.ttlMs !== undefined && before !== undefined && now - before.savedAt > cache.ttlMs;
  if (!isOld && before !== undefined && textOf(before.files) === textOf(wanted)) return;
  const kept: CacheList["files"] = [];
  for (const file of wanted) {
    // Only files that were put in by their URI have no hash: their place tells them apart.
    const hash = file.hash ?? (await hashOf(encodeUtf8(file.uri)));
    const path = inFolder(folder, hash);
    if ((await files.head(path)) === null) await copyFile(files, ownFile(asker, file.uri), path);
    kept.push({ ...file, hash, uri: uriOf(path) });
  }
  await files.put(
    inFolder(folder, LIST),
    encodeUtf8(JSON.stringify({ savedAt: now, files: kept } satisfies CacheList)),
  );
  const named = new Set(kept.map(({ hash }) => hash));
  for (const { hash } of before?.files ?? []) if (!named.has(hash)) await files.delete(inFolder(folder, hash));
}

async function readList(files: Files, folder: FilePath): Promise<CacheList | undefined> {
  const found = await files.get(inFolder(folder, LIST));
  if (found === null) return undefined;
  try {
    return CacheList.parse(JSON.parse(await new Response(found.body).text()));
  } catch {
    return undefined;
  }
}

function folderOf(asker: Asker, { taskId, value }: RunOfPlace): FilePath {
  return cacheFolder(asker, taskId, value);
}

function textOf(files: readonly PlaceFile[]): string {
  return JSON.stringify(
    files.map(({ name, hash, uri, executable }) => [name, hash ?? uri, executable === true]).sort(),
  );
}
