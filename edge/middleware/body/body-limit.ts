import { HttpError } from "../../http-error.ts";
import type { BodyKind } from "../../route.ts";

const MIB = 1024 * 1024;
export const YAML_MAX_BYTES = MIB;
export const BODY_MAX_BYTES = 10 * MIB;
export const STREAM_MAX_BYTES = 1024 * MIB;

/** Largest body in bytes that a route of this kind reads. */
export function maxBytesOf(kind: BodyKind): number {
  if (kind === "yaml") return YAML_MAX_BYTES;
  return kind === "stream" || kind === "multipart" ? STREAM_MAX_BYTES : BODY_MAX_BYTES;
}

export function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `Request Entity Too Large: the body may have ${maxBytes} bytes at most`);
}

/** Throws when the request says that its body is too long. A body of unknown length is counted while it is read: `limitBody`. */
export function checkDeclaredLength(request: Request, maxBytes: number): void {
  const length = request.headers.get("content-length");
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes);
}

/** The body, failing with status 413 as soon as more than `maxBytes` have been read. */
export function limitBody(body: ReadableStream<Uint8Array>, maxBytes: number): ReadableStream<Uint8Array> {
  let seen = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        seen += chunk.byteLength;
        if (seen > maxBytes) controller.error(tooLarge(maxBytes));
        else controller.enqueue(chunk);
      },
    }),
  );
}

/** The whole body as bytes; throws an HttpError 413 above `maxBytes`. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  checkDeclaredLength(request, maxBytes);
  if (!request.body) return new Uint8Array();
  if (request.headers.has("content-length")) return new Uint8Array(await request.arrayBuffer());
  return new Uint8Array(await new Response(limitBody(request.body, maxBytes)).arrayBuffer());
}

/** The whole body as UTF-8 text; throws an HttpError 422 when it is not. */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const bytes = await readBytes(request, maxBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new HttpError(422, "Invalid text: the body is not UTF-8");
  }
}
