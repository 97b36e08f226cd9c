import type { FileRevision } from "#actors/namespace/files-rpc.ts";
import { contentFile, type FilePath, ownerOfFile } from "./file-path.ts";
import type { ByteRange, FileHead, Files, StoredFile } from "./files.ts";

/** The revision that a file of a namespace has now; undefined when there is no such file. */
export type FindRevision = (tenant: string, namespace: string, path: string) => Promise<FileRevision | undefined>;

/**
 * The storage with the files of namespaces in it: reading `…/_files/a.txt` gives the content that the namespace's index names. They are
 * written through the index alone (`edge/namespace-files.ts`), so a put or a delete below `_files` is a mistake of ours and throws.
 */
export function withNamespaceFiles(files: Files, find: FindRevision): Files {
  async function contentOf(path: FilePath): Promise<{ path: FilePath; found?: FileRevision } | null> {
    const owner = ownerOfFile(path);
    if (owner.kind !== "namespace-file") return { path };
    const [tenant = ""] = path.split("/");
    const found = await find(tenant, owner.namespace, owner.name);
    return found === undefined ? null : { path: contentFile(tenant, owner.namespace, found.content), found };
  }

  function refuse(path: FilePath): void {
    if (ownerOfFile(path).kind === "namespace-file")
      throw new Error(`${path} is written through its namespace's index`);
  }

  return {
    async put(path, body, length) {
      refuse(path);
      await files.put(path, body, length);
    },
    async get(path: FilePath, range?: ByteRange): Promise<StoredFile | null> {
      const content = await contentOf(path);
      return content && files.get(content.path, range);
    },
    async head(path: FilePath): Promise<FileHead | null> {
      const content = await contentOf(path);
      if (content?.found) return { size: content.found.size, modifiedAt: content.found.createdAt };
      return content && files.head(content.path);
    },
    async delete(path) {
      refuse(path);
      await files.delete(path);
    },
    list: (folder) => files.list(folder),
    async deleteFolder(folder) {
      refuse(folder);
      await files.deleteFolder(folder);
    },
    page: (after, limit) => files.page(after, limit),
  };
}
