import { Inflate } from "fflate";
import { HttpError } from "../http-error.ts";
import { crc32 } from "./crc32.ts";
import { readDirectory, type ZipRecord } from "./zip-directory.ts";
import { zipProblem } from "./zip-problem.ts";
import type { ByteSource } from "./zip-source.ts";

// Reads zips that nobody vouches for.
//
// Z1. The list at the end of the zip is all that counts. It is read whole, and one name in it that is not plain, or a link, refuses the zip.
// Z2. What is unpacked is counted as it comes out, whatever the zip says of itself: at most INFLATE_RATIO times the zip, and MAX_INFLATED.
// Z3. An entry ends with the length and the checksum that the list says, or its reader gets an error.

/** Up to this many bytes a zip may unpack to whatever its own size is. */
const FREE_BYTES = 10 * 1024 * 1024;
const INFLATE_RATIO = 100;
const MAX_INFLATED_BYTES = 1024 * 1024 * 1024;
const MAX_ENTRIES = 10_000;
/** Put into the inflater at once: a thousandfold comes out at most. */
const SLICE_BYTES = 4096;

/** `size`: as the zip says; no more than that comes out. */
export type ZipFile = { name: string; size: number; bytes(): AsyncGenerator<Uint8Array> };

/** The files of the zip, in its order. Folders have no entry here: they are the parents of the files. Rejects with status 422, or 413. */
export async function readZip(source: ByteSource): Promise<ZipFile[]> {
  const records = await readDirectory(source, MAX_ENTRIES);
  const budget = new Budget(Math.min(MAX_INFLATED_BYTES, Math.max(FREE_BYTES, source.size * INFLATE_RATIO)));
  return records
    .filter(({ name }) => !name.endsWith("/"))
    .map((record) => ({ name: record.name, size: record.size, bytes: () => unpacked(source, record, budget) }));
}

/** The whole of an entry, when it has at most `maxBytes`. */
export async function entryText(file: ZipFile, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of file.bytes()) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new HttpError(413, `Request Entity Too Large: '${file.name}' has more than ${maxBytes} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw zipProblem(`'${file.name}' is not UTF-8 text`);
    throw error;
  }
}

class Budget {
  #left: number;
  readonly #limit: number;

  constructor(limit: number) {
    this.#left = limit;
    this.#limit = limit;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new HttpError(
      413,
      `Request Entity Too Large: the zip unpacks to more than ${this.#limit} bytes; at most ${INFLATE_RATIO} times its own size and ${MAX_INFLATED_BYTES} bytes are allowed`,
    );
  }
}

async function* unpacked(source: ByteSource, record: ZipRecord, budget: Budget): AsyncGenerator<Uint8Array> {
  let size = 0;
  let crc = 0;
  const packed = source.stream(await dataOffset(source, record), record.packedSize);
  for await (const chunk of record.method === "stored" ? packed : inflated(packed, record.name)) {
    budget.spend(chunk.length);
    size += chunk.length;
    if (size > record.size) throw zipProblem(`'${record.name}' is longer than the zip says`);
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (size !== record.size || crc !== record.crc) throw zipProblem(`'${record.name}' is damaged`);
}

const LOCAL_HEAD_BYTES = 30;

/** Its data follows its own head, which may have another length than the list's. */
async function dataOffset(source: ByteSource, { name, offset }: ZipRecord): Promise<number> {
  const head = await source.read(offset, LOCAL_HEAD_BYTES);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < LOCAL_HEAD_BYTES || view.getUint32(0, true) !== 0x04034b50)
    throw zipProblem(`'${name}' is not where the zip says`);
  return offset + LOCAL_HEAD_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

async function* inflated(packed: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const inflate = new Inflate((chunk) => ready.push(chunk));
  try {
    for await (const chunk of packed) {
      for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
        inflate.push(chunk.subarray(at, at + SLICE_BYTES));
        yield* ready;
        ready = [];
      }
    }
    inflate.push(new Uint8Array(), true);
  } catch (error) {
    // The inflater's own errors have a number; others come from the storage or from who reads.
    if (error instanceof Error && "code" in error && !(error instanceof HttpError))
      throw zipProblem(`'${name}' is damaged`);
    throw error;
  }
  yield* ready;
}
