import type { FilePath } from "../ports/file-path.ts";
import type { Files } from "../ports/files.ts";

/** Bytes that can be read anywhere. */
export interface ByteSource {
  readonly size: number;
  /** Fewer than `length` bytes where it ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
  stream(offset: number, length: number): AsyncIterable<Uint8Array>;
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  const part = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return {
    size: bytes.length,
    read: async (offset, length) => part(offset, length),
    async *stream(offset, length) {
      yield part(offset, length);
    },
  };
}

/** A stored file. */
export function fileSource(files: Files, path: FilePath, size: number): ByteSource {
  async function open(offset: number, length: number): Promise<ReadableStream<Uint8Array>> {
    const found = await files.get(path, { offset, length });
    if (found === null) throw new Error(`${path} is gone`);
    return found.body;
  }
  return {
    size,
    read: async (offset, length) =>
      length === 0 ? new Uint8Array() : new Uint8Array(await new Response(await open(offset, length)).arrayBuffer()),
    async *stream(offset, length) {
      if (length > 0) yield* chunksOf(await open(offset, length));
    },
  };
}

/** The chunks of a stream; a reader that stops early cancels it. */
export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
