import type { FileAttributes } from "../model/file-tree.ts";
import { type Query, send } from "./api.ts";

// The files of a namespace, as the server has them. Paths are without a slash at their beginning.

export type FileRevision = { revision: number; size: number; date: string };

const at = (namespace: string, rest = "") => `/namespaces/${encodeURIComponent(namespace)}/files${rest}`;
const named = (path: string): Query => [["path", `/${path}`]];

async function json<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
  const response = await send(path, { query, ...(signal ? { signal } : {}) });
  return (await response.json()) as T;
}

export const filesApi = {
  folder: (namespace: string, path: string, signal?: AbortSignal) =>
    json<readonly FileAttributes[]>(at(namespace, "/directory"), named(path), signal),
  stat: (namespace: string, path: string) => json<FileAttributes>(at(namespace, "/stats"), named(path)),
  search: (namespace: string, text: string, signal?: AbortSignal) =>
    json<readonly string[]>(at(namespace, "/search"), [["q", text]], signal),
  revisions: (namespace: string, path: string) =>
    json<readonly FileRevision[]>(at(namespace, "/revisions"), named(path)),
  async read(namespace: string, path: string, revision?: number): Promise<Uint8Array> {
    const query = [...named(path), ...(revision === undefined ? [] : [["revision", String(revision)] as const])];
    return new Uint8Array(await (await send(at(namespace), { query })).arrayBuffer());
  },
  async write(namespace: string, path: string, content: Blob, name = "content"): Promise<void> {
    const body = new FormData();
    body.append("fileContent", content, name);
    await send(at(namespace), { method: "POST", body, query: named(path) });
  },
  async move(namespace: string, from: string, to: string): Promise<void> {
    await send(at(namespace), {
      method: "PUT",
      query: [
        ["from", `/${from}`],
        ["to", `/${to}`],
      ],
    });
  },
  async remove(namespace: string, path: string): Promise<void> {
    await send(at(namespace), { method: "DELETE", query: named(path) });
  },
  async makeFolder(namespace: string, path: string): Promise<void> {
    await send(at(namespace, "/directory"), { method: "POST", query: named(path) });
  },
};

/** Addresses that the browser itself follows. */
export const fileLinks = {
  download: (namespace: string, path: string) => `/api/v1${at(namespace)}?path=${encodeURIComponent(`/${path}`)}`,
  export: (namespace: string) => `/api/v1${at(namespace, "/export")}`,
};
