import type { FilePath } from "./file-path.ts";

export type ByteRange = { offset: number; length?: number };
export type FileHead = { size: number; modifiedAt: number };
export type StoredFile = FileHead & { body: ReadableStream<Uint8Array> };
export type ListedFile = FileHead & { path: FilePath };
export type FileBody = Uint8Array | ReadableStream<Uint8Array>;

/**
 * The internal storage.
 *
 * P1. `put` resolves when the whole file is durable; it replaces what was there. When the body fails, it rejects and the path holds
 *     the file from before or none, never a part of the new one. (Exception: on disk, a process killed in the very instant of the
 *     failure may leave a part under a path whose `put` never resolved.)
 * P2. What was put is there for every later `get`. `get` and `head` answer null for what is not there.
 * P3. `size` is of the whole file, also with a range; a range beyond the end gives what there is.
 * P4. `delete` and `deleteFolder` of what is not there do nothing.
 * P5. Pages go through a storage that changes in between: what is there all the time is seen once, in one order that stays the same.
 */
export interface Files {
  /** `length` in bytes, when it is known of a stream: a shorter or longer one is then refused. */
  put(path: FilePath, body: FileBody, length?: number): Promise<void>;
  get(path: FilePath, range?: ByteRange): Promise<StoredFile | null>;
  head(path: FilePath): Promise<FileHead | null>;
  delete(path: FilePath): Promise<void>;
  /** Files at any depth below `folder`, in the order of their paths. */
  list(folder: FilePath): Promise<FilePath[]>;
  deleteFolder(folder: FilePath): Promise<void>;
  /** At most `limit` files of the whole storage that come after the path `after`. An empty page is the last. */
  page(after: string, limit: number): Promise<ListedFile[]>;
}
