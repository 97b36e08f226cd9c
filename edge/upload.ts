import { HttpError, illegalArgument } from "./http-error.ts";
import { BODY_MAX_BYTES, limitBody, STREAM_MAX_BYTES } from "./middleware/body/body-limit.ts";
import { multipartBoundary, type Part, readParts } from "./multipart.ts";
import type { AppContext } from "./route.ts";
import { entryText, readZip } from "./zip/read-zip.ts";
import { bytesSource } from "./zip/zip-source.ts";

/** Largest text within an uploaded zip. */
const TEXT_MAX_BYTES = 1024 * 1024;
export const YAML_NAME = /\.ya?ml$/i;

/** Hands the file of the form's part `name` to `take`, as a stream. Throws 422 when there is none. */
export async function withUpload<T>(c: AppContext, name: string, take: (part: Part) => Promise<T>): Promise<T> {
  const boundary = multipartBoundary(c.req.header("content-type") ?? "");
  if (!c.req.raw.body || boundary === undefined)
    throw new HttpError(415, `Unsupported Media Type: send the file as multipart/form-data, in the part '${name}'`);
  let taken: { value: T } | undefined;
  for await (const part of readParts(c.req.raw.body, boundary, STREAM_MAX_BYTES)) {
    if (part.name === name && taken === undefined) taken = { value: await take(part) };
  }
  if (taken === undefined) throw illegalArgument(`the form has no part '${name}'`);
  return taken.value;
}

export type UploadedText = { name: string; text: string };

/** The texts of an uploaded file: its own, or those of the YAML files in a zip. */
export async function uploadedTexts(c: AppContext, partName: string): Promise<UploadedText[]> {
  return withUpload(c, partName, async ({ filename = "", body }) => {
    const bytes = new Uint8Array(await new Response(limitBody(body, BODY_MAX_BYTES)).arrayBuffer());
    return /\.zip$/i.test(filename) ? textsOfZip(bytes) : [textOf(filename, bytes)];
  });
}

async function textsOfZip(bytes: Uint8Array): Promise<UploadedText[]> {
  const texts: UploadedText[] = [];
  for (const entry of await readZip(bytesSource(bytes)))
    if (YAML_NAME.test(entry.name)) texts.push({ name: entry.name, text: await entryText(entry, TEXT_MAX_BYTES) });
  return texts;
}

function textOf(name: string, bytes: Uint8Array): UploadedText {
  const extension = /\.[^./]*$/.exec(name)?.[0] ?? "";
  if (!YAML_NAME.test(name)) throw illegalArgument(`Cannot import file of type ${extension || "unknown"}`);
  if (bytes.length > TEXT_MAX_BYTES)
    throw new HttpError(413, `Request Entity Too Large: a YAML file may have ${TEXT_MAX_BYTES} bytes at most`);
  try {
    return { name, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes) };
  } catch {
    throw new HttpError(422, `Invalid text: '${name.slice(0, 200)}' is not UTF-8`);
  }
}
