import type { FilePath } from "./file-path.ts";
import type { ByteRange, FileBody, FileHead, Files, ListedFile, StoredFile } from "./files.ts";

type Held = { bytes: Uint8Array<ArrayBuffer>; modifiedAt: number };

/** Files that live as long as this object: in a browser tab, and in tests. */
export function createMemoryFiles(now: () => number): Files {
  const held = new Map<string, Held>();
  const below = (folder: string) => [...held.keys()].filter((path) => path.startsWith(`${folder}/`)).sort();

  return {
    async put(path: FilePath, body: FileBody, length?: number): Promise<void> {
      const bytes = new Uint8Array(await new Response(body as Uint8Array<ArrayBuffer>).arrayBuffer());
      if (length !== undefined && bytes.length !== length)
        throw new Error(`the body has ${bytes.length} bytes, not ${length}`);
      held.set(path, { bytes, modifiedAt: now() });
    },

    async get(path: FilePath, range?: ByteRange): Promise<StoredFile | null> {
      const file = held.get(path);
      if (file === undefined) return null;
      const { offset = 0, length = file.bytes.length } = range ?? {};
      const body = new Response(file.bytes.slice(offset, offset + length)).body as ReadableStream<Uint8Array>;
      return { ...headOf(file), body };
    },

    async head(path: FilePath): Promise<FileHead | null> {
      const file = held.get(path);
      return file === undefined ? null : headOf(file);
    },

    async delete(path: FilePath): Promise<void> {
      held.delete(path);
    },

    async list(folder: FilePath): Promise<FilePath[]> {
      return below(folder) as FilePath[];
    },

    async deleteFolder(folder: FilePath): Promise<void> {
      for (const path of below(folder)) held.delete(path);
    },

    async page(after: string, limit: number): Promise<ListedFile[]> {
      const paths = [...held.keys()].filter((path) => path > after).sort();
      return paths.slice(0, limit).map((path) => ({ path: path as FilePath, ...headOf(held.get(path)) }));
    },
  };
}

function headOf(file: Held | undefined): FileHead {
  return { size: file?.bytes.length ?? 0, modifiedAt: file?.modifiedAt ?? 0 };
}
