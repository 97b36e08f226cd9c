import type {
  Conflict,
  FileEntry,
  FileIndexRpc,
  FileRefusal,
  FileRevision,
  FilesChanged,
  FileToSave,
} from "#actors/namespace/files-rpc.ts";
import { namespaceActorName } from "#actors/namespace/namespace-rpc.ts";
import { actorByName, type Env } from "./env.ts";
import { contentFile, type FilePath } from "./ports/file-path.ts";
import type { ByteRange, FileBody, Files, StoredFile } from "./ports/files.ts";
import { portsOf } from "./ports/ports.ts";
import { readZip, type ZipFile } from "./zip/read-zip.ts";
import { fileSource } from "./zip/zip-source.ts";

// The files of a namespace: an index in the namespace's actor, contents in the internal storage.
//
// P1. What was answered is durable. A write that failed, or whose server went down, has changed nothing that can be read.
// P2. A content is never overwritten: whoever reads a revision reads all of that revision.
// P3. Many files come and go as one: all of a zip, or nothing of it.
// P4. What a crash leaves in the storage without a name is removed by the search for files that belong to nobody.

export type { FileEntry, FileRevision };
/** What was done, or why not. */
export type Changed = { kind: "done"; files: FileEntry[] } | FileRefusal;
export type OpenedFile = StoredFile & { revision: number };

const DELETES_AT_ONCE = 20;
/** Up to this a file of a zip is stored in one piece. */
const SMALL_BYTES = 256 * 1024;

export class NamespaceFiles {
  readonly #files: Files;
  readonly #index: FileIndexRpc;
  readonly #contentPath: (content: string) => FilePath;

  constructor(files: Files, index: FileIndexRpc, { tenant, namespace }: { tenant: string; namespace: string }) {
    this.#files = files;
    this.#index = index;
    this.#contentPath = (content) => contentFile(tenant, namespace, content);
  }

  stat(path: string): Promise<FileEntry | undefined> {
    return this.#index.findFile(path);
  }

  folder(path: string): Promise<FileEntry[] | undefined> {
    return this.#index.listFolder(path);
  }

  all(): Promise<FileRevision[]> {
    return this.#index.listFiles();
  }

  revisions(path?: string): Promise<FileRevision[]> {
    return this.#index.fileRevisions(path);
  }

  revision(path: string, revision?: number): Promise<FileRevision | undefined> {
    return this.#index.fileContent(path, revision);
  }

  /** The bytes of a revision that was found; null when it was dropped since. */
  async open({ content, revision }: FileRevision, range?: ByteRange): Promise<OpenedFile | null> {
    const file = await this.#files.get(this.#contentPath(content), range);
    return file && { ...file, revision };
  }

  async write(path: string, body: FileBody, conflict: Conflict = "OVERWRITE", length?: number): Promise<Changed> {
    const stored = await this.#store(path, body, length);
    return this.#save([stored], conflict);
  }

  /** Files one after another, and then all of them at once. */
  async writeAll(
    given: AsyncIterable<{ path: string; body: FileBody }>,
    conflict: Conflict = "OVERWRITE",
  ): Promise<Changed> {
    const stored: FileToSave[] = [];
    try {
      for await (const { path, body } of given) stored.push(await this.#store(path, body));
    } catch (error) {
      await this.#drop(stored.map(({ content }) => content));
      throw error;
    }
    return this.#save(stored, conflict);
  }

  /**
   * Unpacks a zip; the zip itself is kept only while it is read. `take` gives the path of an entry, or undefined when it has used the
   * entry in another way.
   */
  async importZip(
    body: ReadableStream<Uint8Array>,
    take: (entry: ZipFile) => Promise<string | undefined>,
  ): Promise<Changed> {
    const zip = await this.#store("", body);
    try {
      const entries = await readZip(fileSource(this.#files, this.#contentPath(zip.content), zip.size));
      return await this.writeAll(unpacked(entries, take));
    } finally {
      await this.#drop([zip.content]);
    }
  }

  makeFolder(path: string): Promise<Changed> {
    return this.#index.makeFolder(path);
  }

  move(from: string, to: string): Promise<Changed> {
    return this.#index.moveFile(from, to);
  }

  async remove(paths: readonly string[], keepFolders = false): Promise<FileEntry[]> {
    return (await this.#finish(await this.#index.removeFiles(paths, keepFolders))).files;
  }

  /** Drops earlier revisions; how many were there. */
  async dropRevisions(revisions: readonly Pick<FileRevision, "path" | "revision">[]): Promise<number> {
    const changed = await this.#index.dropRevisions(revisions.map(({ path, revision }) => ({ path, revision })));
    await this.#drop(changed.unused);
    return changed.unused.length;
  }

  async #store(path: string, body: FileBody, length?: number): Promise<FileToSave> {
    const content = crypto.randomUUID();
    const target = this.#contentPath(content);
    if (body instanceof Uint8Array) {
      await this.#files.put(target, body);
      return { path, content, size: body.length };
    }
    await this.#files.put(target, body, length);
    const head = await this.#files.head(target);
    if (head === null) throw new Error(`${target} was stored and is not there`);
    return { path, content, size: head.size };
  }

  async #save(files: readonly FileToSave[], conflict: Conflict): Promise<Changed> {
    const answer = await this.#index.saveFiles(files, conflict);
    if (answer.kind === "done") return this.#finish(answer);
    await this.#drop(files.map(({ content }) => content));
    return answer;
  }

  async #finish({ files, unused }: FilesChanged): Promise<{ kind: "done"; files: FileEntry[] }> {
    await this.#drop(unused);
    return { kind: "done", files };
  }

  async #drop(contents: readonly string[]): Promise<void> {
    for (let at = 0; at < contents.length; at += DELETES_AT_ONCE)
      await Promise.all(
        contents.slice(at, at + DELETES_AT_ONCE).map((content) => this.#files.delete(this.#contentPath(content))),
      );
  }
}

async function* unpacked(entries: readonly ZipFile[], take: (entry: ZipFile) => Promise<string | undefined>) {
  for (const entry of entries) {
    const path = await take(entry);
    if (path === undefined) continue;
    const body = entry.size > SMALL_BYTES ? streamOf(entry.bytes()) : await wholeOf(entry.bytes());
    yield { path, body };
  }
}

async function wholeOf(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(streamOf(chunks)).arrayBuffer());
}

/** The files of a namespace in this environment. */
export function namespaceFilesOf(env: Env, tenant: string, namespace: string): NamespaceFiles {
  const index = actorByName(env.NAMESPACE, namespaceActorName(tenant, namespace));
  return new NamespaceFiles(portsOf(env).files, index, { tenant, namespace });
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
