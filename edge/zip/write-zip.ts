import { Zip, ZipDeflate, ZipPassThrough } from "fflate";

export type ZipSource = { name: string; modifiedAt: number; bytes: AsyncIterable<Uint8Array> };

/** Packed already: to pack them again costs time and saves nothing. */
const PACKED = /\.(?:7z|avif|br|bz2|gif|gz|jpe?g|mp[34]|parquet|png|rar|webp|xz|zip|zst)$/i;
/** Dates before 1980 and after 2099 cannot be written. */
const FIRST_DATE = Date.UTC(1980, 0, 2);
const LAST_DATE = Date.UTC(2099, 11, 30);

/** A zip of these files, made while it is read: nothing but the chunk in work is held. */
export function writeZip(files: AsyncIterable<ZipSource> | Iterable<ZipSource>): ReadableStream<Uint8Array> {
  const chunks = zipChunks(files);
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

async function* zipChunks(files: AsyncIterable<ZipSource> | Iterable<ZipSource>): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    if (chunk.length > 0) ready.push(chunk);
  });
  function* taken() {
    const chunks = ready;
    ready = [];
    yield* chunks;
  }
  for await (const { name, modifiedAt, bytes } of files) {
    const entry = PACKED.test(name) ? new ZipPassThrough(name) : new ZipDeflate(name, { level: 6 });
    entry.mtime = Math.min(Math.max(modifiedAt, FIRST_DATE), LAST_DATE);
    zip.add(entry);
    for await (const chunk of bytes) {
      entry.push(chunk);
      yield* taken();
    }
    entry.push(new Uint8Array(), true);
    yield* taken();
  }
  zip.end();
  yield* taken();
}

/** A text as the bytes of a zip's entry. */
export async function* textBytes(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
