import type { Asker } from "#shell/world.ts";
import { TaskFailure } from "#tasks/define.ts";
import { executionFolder, type FilePath, fileInFolder, fileUri, isInside, parseFileUri } from "../ports/file-path.ts";
import type { Files } from "../ports/files.ts";

// What everything about shared directories needs of the storage.

/** A file of this execution: what a list names is nobody else's. */
export function ownFile(asker: Asker, uri: string): FilePath {
  const path = parseFileUri(asker.tenant, uri);
  if (path !== undefined && isInside(executionFolder(asker), path)) return path;
  throw new TaskFailure(`'${uri}' is no file of this execution.`);
}

export async function copyFile(files: Files, from: FilePath, to: FilePath): Promise<void> {
  const found = await files.get(from);
  if (found === null) throw new TaskFailure(`There is no file ${fileUri(from)}.`);
  await files.put(to, found.body, found.size);
}

export function inFolder(folder: FilePath, name: string): FilePath {
  const path = fileInFolder(folder, name);
  if (path === undefined) throw new Error("a storage path of our own is not plain");
  return path;
}

/** SHA-256 in hex. */
export async function hashOf(content: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
