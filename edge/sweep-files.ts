import { namespaceActorName, sweepActorName } from "#actors/namespace/namespace-rpc.ts";
import { NAMESPACE_ID } from "#schema/flow.ts";
import { cellName } from "#schema/ids.ts";
import { MAX_FILTER_VALUES } from "./db/filter.ts";
import { actorByName, type Env } from "./env.ts";
import { type FilePath, ownerOfFile } from "./ports/file-path.ts";
import type { ListedFile } from "./ports/files.ts";
import { portsOf } from "./ports/ports.ts";
import { TENANT } from "./request-path.ts";

// The search for files that belong to nobody: uploads whose execution was never started, contents that no namespace file names, and what
// was being written or deleted when a server went down. It goes through the whole storage, a page at a time, for ever.
//
// O1. A file is deleted only when its owner itself says that it is not there: the execution's cell, or the namespace's index.
// O2. A file younger than the grace is left alone: its owner may be about to come.

const GRACE_MS = 3_600_000;
const PAGE_FILES = 300;

export type FileSweep = { seen: number; deleted: number };

/** One page. `graceMs`: an hour when left out. */
export async function sweepFiles(env: Env, now: number, graceMs = GRACE_MS): Promise<FileSweep> {
  const { files } = portsOf(env);
  const notes = actorByName(env.NAMESPACE, sweepActorName(TENANT));
  const page = await files.page(await notes.sweptTo(), PAGE_FILES);
  const orphans = await orphansIn(
    env,
    page.filter(({ modifiedAt }) => modifiedAt <= now - graceMs),
  );
  for (const path of orphans) await files.delete(path);
  await notes.setSweptTo(page.at(-1)?.path ?? "");
  return { seen: page.length, deleted: orphans.length };
}

/** Every page from the first to the last. */
export async function sweepAllFiles(env: Env, now: number, graceMs: number): Promise<FileSweep> {
  await actorByName(env.NAMESPACE, sweepActorName(TENANT)).setSweptTo("");
  const total: FileSweep = { seen: 0, deleted: 0 };
  for (;;) {
    const { seen, deleted } = await sweepFiles(env, now, graceMs);
    total.seen += seen;
    total.deleted += deleted;
    if (seen === 0) return total;
  }
}

async function orphansIn(env: Env, page: readonly ListedFile[]): Promise<FilePath[]> {
  const byExecution = new Map<string, FilePath[]>();
  const byNamespace = new Map<string, Map<string, FilePath>>();
  for (const { path } of page) {
    const owner = ownerOfFile(path);
    if (!path.startsWith(`${TENANT}/`)) continue;
    if (owner.kind === "execution")
      byExecution.set(owner.executionId, [...(byExecution.get(owner.executionId) ?? []), path]);
    if (owner.kind === "content") {
      const contents = byNamespace.get(owner.namespace) ?? new Map<string, FilePath>();
      byNamespace.set(owner.namespace, contents.set(owner.id, path));
    }
  }
  const orphans: FilePath[] = [];
  for (const id of await absentExecutions(env, [...byExecution.keys()])) orphans.push(...(byExecution.get(id) ?? []));
  for (const [namespace, contents] of byNamespace) {
    if (!NAMESPACE_ID.test(namespace)) continue;
    const index = actorByName(env.NAMESPACE, namespaceActorName(TENANT, namespace));
    const known = new Set(await index.knownContents([...contents.keys()]));
    for (const [content, path] of contents) if (!known.has(content)) orphans.push(path);
  }
  return orphans;
}

/** The lists are asked first, so that no cell is woken for an execution that they know. What they do not know, its cell decides. */
async function absentExecutions(env: Env, ids: readonly string[]): Promise<string[]> {
  const absent: string[] = [];
  for (let at = 0; at < ids.length; at += MAX_FILTER_VALUES) {
    const values = ids.slice(at, at + MAX_FILTER_VALUES);
    const paging = { page: 1, size: values.length, sort: [] };
    const known = await portsOf(env).projection.searchExecutions(TENANT, [{ field: "id", op: "IN", values }], paging);
    const names = new Set(known.results.map(({ id }) => id));
    for (const id of values) {
      const cell = cellName(id);
      if (names.has(id) || cell === undefined) continue;
      if ((await actorByName(env.CELL, cell).get(id)) === null) absent.push(id);
    }
  }
  return absent;
}
