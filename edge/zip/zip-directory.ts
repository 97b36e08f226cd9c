import { zipProblem } from "./zip-problem.ts";
import type { ByteSource } from "./zip-source.ts";

/** One line of a zip's list. A folder's name ends with `/`. */
export type ZipRecord = {
  name: string;
  method: "stored" | "deflated";
  crc: number;
  packedSize: number;
  size: number;
  /** Of its own head, from the beginning of the zip. */
  offset: number;
};

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const RECORD_BYTES = 46;
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const NAME_MAX_LENGTH = 1000;
const LINK_MODE = 0o120000;
const MODE_MASK = 0o170000;
const BIG = 0xffffffff;

/** The list at the end of a zip. Rejects with status 422 for a zip that is none, or that has an entry that may not be. */
export async function readDirectory(source: ByteSource, maxEntries: number): Promise<ZipRecord[]> {
  const tailBytes = Math.min(source.size, END_BYTES + MAX_COMMENT_BYTES);
  const tail = await source.read(source.size - tailBytes, tailBytes);
  const { count, bytes, offset } = readEnd(tail);
  if (count > maxEntries) throw zipProblem(`it has ${count} entries, ${maxEntries} are allowed`);
  if (bytes > MAX_LIST_BYTES || offset + bytes > source.size) throw zipProblem("its list of entries is damaged");
  const list = await source.read(offset, bytes);
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  const records: ZipRecord[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + RECORD_BYTES > list.length || view.getUint32(at, true) !== 0x02014b50)
      throw zipProblem("its list of entries is damaged");
    const nameBytes = view.getUint16(at + 28, true);
    const next = at + RECORD_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > list.length) throw zipProblem("its list of entries is damaged");
    records.push(recordAt(view, at, decodeName(list.subarray(at + RECORD_BYTES, at + RECORD_BYTES + nameBytes))));
    at = next;
  }
  return records;
}

function readEnd(tail: Uint8Array): { count: number; bytes: number; offset: number } {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const found = {
      count: view.getUint16(at + 10, true),
      bytes: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
    if (found.count === 0xffff || found.bytes === BIG || found.offset === BIG)
      throw zipProblem("it is in the zip64 format, for archives above 4 GB or 65,535 entries");
    return found;
  }
  throw zipProblem("it is no zip, or its end is cut off");
}

function recordAt(view: DataView, at: number, name: string): ZipRecord {
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const mode = view.getUint32(at + 38, true) >>> 16;
  const [packedSize, size, offset] = [20, 24, 42].map((field) => view.getUint32(at + field, true)) as [
    number,
    number,
    number,
  ];
  const shown = name.slice(0, 200);
  if (!isPlainName(name))
    throw zipProblem(`'${shown}' is no plain relative path: an entry may not leave the zip's root`);
  if ((mode & MODE_MASK) === LINK_MODE) throw zipProblem(`'${shown}' is a link: only files and folders are taken`);
  if (flags & 1) throw zipProblem(`'${shown}' is encrypted`);
  if (method !== 0 && method !== 8)
    throw zipProblem(`'${shown}' is packed in a way that is not read here: use deflate`);
  if (packedSize === BIG || size === BIG || offset === BIG) throw zipProblem(`'${shown}' is in the zip64 format`);
  return {
    name,
    method: method === 0 ? "stored" : "deflated",
    crc: view.getUint32(at + 16, true),
    packedSize,
    size,
    offset,
  };
}

function isPlainName(name: string): boolean {
  if (name.length > NAME_MAX_LENGTH) return false;
  const path = name.endsWith("/") ? name.slice(0, -1) : name;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return path.split("/").every((segment) => !/[\\\u0000-\u001f\u007f]|^\.{0,2}$|^[a-zA-Z]:$/.test(segment));
}

/** UTF-8 where it is, whatever the zip says: few programs set the flag for it. */
function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  }
}
