import type { ObjectBucket } from "../env.ts";
import { readBlocks, watchBody } from "./byte-streams.ts";
import type { FilePath } from "./file-path.ts";
import type { ByteRange, FileBody, FileHead, Files, ListedFile, StoredFile } from "./files.ts";

// Files in an R2 bucket. R2 wants to know the length of a stream before it starts: what fits one block is put as bytes,
// the rest goes up in parts of one size, of which nothing is seen before the last is in.

const BLOCK_BYTES = 8 * 1024 * 1024;
const LIST_LIMIT = 1000;

export function createR2Files(bucket: ObjectBucket): Files {
  async function list(folder: FilePath): Promise<FilePath[]> {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await bucket.list({ prefix: `${folder}/`, limit: LIST_LIMIT, ...(cursor ? { cursor } : {}) });
      found.push(...page.objects.map(({ key }) => key));
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor);
    return found.sort() as FilePath[];
  }

  return {
    async put(path: FilePath, body: FileBody, length?: number): Promise<void> {
      if (body instanceof Uint8Array) await bucket.put(path, body);
      else await putStream(bucket, path, body, length);
    },

    async get(path: FilePath, range?: ByteRange): Promise<StoredFile | null> {
      const head = range ? await bucket.head(path) : null;
      if (range && !head) return null;
      if (range && head && range.offset >= head.size) return { ...headOf(head), body: emptyStream() };
      const object = await bucket.get(path, range ? { range } : {});
      return object && { ...headOf(object), body: object.body };
    },

    async head(path: FilePath): Promise<FileHead | null> {
      const object = await bucket.head(path);
      return object && headOf(object);
    },

    async delete(path: FilePath): Promise<void> {
      await bucket.delete(path);
    },

    list,

    async deleteFolder(folder: FilePath): Promise<void> {
      const paths: string[] = await list(folder);
      for (let at = 0; at < paths.length; at += LIST_LIMIT) await bucket.delete(paths.slice(at, at + LIST_LIMIT));
    },

    async page(after: string, limit: number): Promise<ListedFile[]> {
      const options = after === "" ? {} : { startAfter: after };
      const { objects } = await bucket.list({ ...options, limit: Math.min(limit, LIST_LIMIT) });
      return objects.map((object) => ({ path: object.key as FilePath, ...headOf(object) }));
    },
  };
}

async function putStream(
  bucket: ObjectBucket,
  path: FilePath,
  stream: ReadableStream<Uint8Array>,
  length: number | undefined,
): Promise<void> {
  const watched = watchBody(stream, length);
  const blocks = readBlocks(watched.body, BLOCK_BYTES);
  const first = await blocks.next();
  const block = first.done ? new Uint8Array() : first.value;
  if (block.length < BLOCK_BYTES) {
    watched.check();
    await bucket.put(path, block);
    return;
  }
  const upload = await bucket.createMultipartUpload(path);
  try {
    const parts = [await upload.uploadPart(1, block)];
    for await (const next of blocks) parts.push(await upload.uploadPart(parts.length + 1, next));
    watched.check();
    await upload.complete(parts);
  } catch (error) {
    await upload.abort().catch(() => undefined);
    throw error;
  }
}

function headOf({ size, uploaded }: { size: number; uploaded: Date }): FileHead {
  return { size, modifiedAt: uploaded.getTime() };
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
