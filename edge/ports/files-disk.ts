import type { HttpService, ServiceRequest } from "../env.ts";
import { watchBody } from "./byte-streams.ts";
import type { FilePath } from "./file-path.ts";
import type { ByteRange, FileBody, FileHead, Files, ListedFile, StoredFile } from "./files.ts";

// Files on the plain runtime's disk service: PUT, GET, HEAD, DELETE; a folder answers GET with a JSON list of its entries.
//
// The service replaces a file at once when a PUT ends, but takes a stream that failed for one that ended. So a failed put
// is deleted again. Names with a leading dot are not served: they are stored with `~` before them (and `~` as `~~`).

type Entry = { name: string; type: string };

/** Calls of the disk service, and what its folders hold. */
function diskTree(disk: HttpService) {
  async function call(path: string, init: ServiceRequest): Promise<Response> {
    const response = await disk.fetch(`http://files/${encodePath(path)}`, init);
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    throw new Error(`the disk service answers ${response.status} to ${init.method} ${path}`);
  }

  /** What a folder holds, by name; undefined when it is none. */
  async function entriesOf(folder: string): Promise<Entry[] | undefined> {
    const response = await call(folder, { method: "GET" });
    if (response.status === 404 || isFile(response)) {
      await response.body?.cancel();
      return undefined;
    }
    const entries = ((await response.json()) as Entry[]).map(({ name, type }) => ({ name: decodeName(name), type }));
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function list(folder: string): Promise<FilePath[]> {
    const found: string[] = [];
    for (const { name, type } of (await entriesOf(folder)) ?? []) {
      const path = `${folder}/${name}`;
      if (type === "directory") found.push(...(await list(path)));
      else found.push(path);
    }
    return found.sort() as FilePath[];
  }

  /** Walks in the order of segments; folders that lie wholly before `after` are not opened. */
  async function* walk(folder: string, after: readonly string[]): AsyncGenerator<string> {
    const [first = "", ...rest] = after;
    for (const { name, type } of (await entriesOf(folder)) ?? []) {
      if (name < first) continue;
      const path = folder === "" ? name : `${folder}/${name}`;
      if (type === "directory") yield* walk(path, name === first ? rest : []);
      else if (name !== first || rest.length > 0) yield path;
    }
  }

  return { call, list, walk };
}

/** Files below the folder of the disk service. */
export function createDiskFiles(disk: HttpService): Files {
  const { call, list, walk } = diskTree(disk);
  return {
    async put(path: FilePath, body: FileBody, length?: number): Promise<void> {
      if (body instanceof Uint8Array) {
        await (await call(path, { method: "PUT", body })).body?.cancel();
        return;
      }
      const watched = watchBody(body, length);
      try {
        await (await call(path, { method: "PUT", body: watched.body, duplex: "half" })).body?.cancel();
        watched.check();
      } catch (error) {
        await call(path, { method: "DELETE" });
        throw error;
      }
    },

    async get(path: FilePath, range?: ByteRange): Promise<StoredFile | null> {
      const headers: Record<string, string> = {};
      if (range) {
        const end = range.length === undefined ? "" : String(range.offset + range.length - 1);
        headers.range = `bytes=${range.offset}-${end}`;
      }
      const response = await disk.fetch(`http://files/${encodePath(path)}`, { method: "GET", headers });
      if (response.status === 416) {
        await response.body?.cancel();
        const head = await headOf(await call(path, { method: "HEAD" }));
        return head && { ...head, body: streamOf(new Uint8Array()) };
      }
      const head = await headOf(response);
      if (!head || !response.body) {
        await response.body?.cancel();
        return head && { ...head, body: streamOf(new Uint8Array()) };
      }
      return { ...head, body: response.body };
    },

    async head(path: FilePath): Promise<FileHead | null> {
      return headOf(await call(path, { method: "HEAD" }));
    },

    async delete(path: FilePath): Promise<void> {
      await (await call(path, { method: "DELETE" })).body?.cancel();
    },

    list,

    async deleteFolder(folder: FilePath): Promise<void> {
      await (await call(folder, { method: "DELETE" })).body?.cancel();
    },

    async page(after: string, limit: number): Promise<ListedFile[]> {
      const found: ListedFile[] = [];
      if (limit < 1) return found;
      for await (const path of walk("", after === "" ? [] : after.split("/"))) {
        const head = await headOf(await call(path, { method: "HEAD" }));
        if (head !== null) found.push({ path: path as FilePath, ...head });
        if (found.length === limit) break;
      }
      return found;
    },
  };
}

async function headOf(response: Response): Promise<FileHead | null> {
  if (!response.ok || !isFile(response)) return null;
  const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  return {
    size: Number(total ?? response.headers.get("content-length") ?? 0),
    modifiedAt: Date.parse(response.headers.get("last-modified") ?? "") || 0,
  };
}

/** Folders are the only JSON that the service serves: files are all `application/octet-stream`. */
function isFile(response: Response): boolean {
  return response.headers.get("content-type") === "application/octet-stream";
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

function encodePath(path: string): string {
  return path
    .split("/")
    .map((segment) => encodeURIComponent(/^[.~]/.test(segment) ? `~${segment}` : segment))
    .join("/");
}

function decodeName(name: string): string {
  return name.startsWith("~") ? name.slice(1) : name;
}
