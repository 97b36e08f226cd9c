import { HttpError, notFound } from "../http-error.ts";
import type { ByteRange, FileHead, StoredFile } from "../ports/files.ts";
import type { AppContext } from "../route.ts";
import { writeZip, type ZipSource } from "../zip/write-zip.ts";
import { attachment } from "./streams.ts";

type Wanted = { name: string; head: FileHead; open: (range?: ByteRange) => Promise<StoredFile | null> };

/** A stored file, or the part of it that the request asks for. */
export async function fileAnswer(c: AppContext, { name, head, open }: Wanted): Promise<Response> {
  const range = rangeOf(c.req.header("range"), head.size);
  const file = await open(range);
  if (file === null) throw notFound("the file is not in the storage");
  const length = range?.length ?? head.size;
  const headers: Record<string, string> = {
    "content-type": "application/octet-stream",
    "content-length": String(length),
    "accept-ranges": "bytes",
    "last-modified": new Date(head.modifiedAt).toUTCString(),
    ...attachment(name),
  };
  if (range) headers["content-range"] = `bytes ${range.offset}-${range.offset + length - 1}/${head.size}`;
  return new Response(file.body, { status: range ? 206 : 200, headers });
}

/** The one part that a `Range` header names; undefined for none, several, or what is no range. Throws 416 for one beyond the end. */
export function rangeOf(header: string | undefined, size: number): Required<ByteRange> | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.replaceAll(" ", "") ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (!match || (first === "" && last === "")) return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const offset = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (offset < end) return { offset, length: end - offset };
  throw new HttpError(416, `Range Not Satisfiable: the file has ${size} bytes`, {
    headers: { "content-range": `bytes */${size}` },
  });
}

/** A zip that is made while it is sent. */
export function zipAnswer(name: string, files: AsyncIterable<ZipSource> | Iterable<ZipSource>): Response {
  return new Response(writeZip(files), { headers: { "content-type": "application/zip", ...attachment(name) } });
}
