import type { Input } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { HttpError } from "./http-error.ts";
import { BODY_MAX_BYTES, limitBody, readText, STREAM_MAX_BYTES, tooLarge } from "./middleware/body/body-limit.ts";
import { multipartBoundary, type Part, readParts } from "./multipart.ts";
import { type ExecutionPlace, executionFolder, fileUri, inputFile, isInside, parseFileUri } from "./ports/file-path.ts";
import type { Files } from "./ports/files.ts";

// Inputs as clients send them.
//
// I1. A field's name is the input's id. Fields that the flow does not declare are left out.
// I2. A file goes to the input that its part is named after, as Kestra 0.24 and newer have it; else to the one its file name names, as older ones do.
// I3. Files are stored before the execution starts, below its own id; the input is then their URI. Without a store they are read and dropped.
// I4. Files of an execution that is refused are removed again, unless its id is that of an idempotency key: it may be running already.

export type FormTarget = {
  declared: readonly Pick<Input, "id" | "type" | "extension">[];
  place: ExecutionPlace;
  /** Left out by validations: nothing is stored then. */
  files?: Files;
};

const MAX_PARTS = 1000;

/** Reads the body of a request that carries inputs: a multipart or url-encoded form, or nothing at all. */
export async function readInputs(request: Request, target: FormTarget): Promise<JsonObject> {
  const contentType = request.headers.get("content-type");
  if (!request.body || request.headers.get("content-length") === "0") return {};
  const boundary = multipartBoundary(contentType ?? "");
  if (boundary !== undefined && target.declared.length === 0) return {};
  if (boundary !== undefined) return readMultipart(request.body, boundary, target);
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType ?? "")) {
    return pick(target, new URLSearchParams(await readText(request, BODY_MAX_BYTES)));
  }
  const text = await readText(request, BODY_MAX_BYTES);
  if (text.trim() === "") return {};
  throw new HttpError(415, "Unsupported Media Type: send inputs as multipart/form-data, one field for each input");
}

/** Fields of a form whose names are not known here; files among them are dropped. */
export async function readFields(request: Request): Promise<JsonObject> {
  const boundary = multipartBoundary(request.headers.get("content-type") ?? "");
  if (!request.body || boundary === undefined) {
    const text = await readText(request, BODY_MAX_BYTES);
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers.get("content-type") ?? "");
    return isForm ? Object.fromEntries(new URLSearchParams(text)) : {};
  }
  const given = new Map<string, string>();
  for await (const part of readParts(request.body, boundary, BODY_MAX_BYTES)) {
    if (given.size > MAX_PARTS) throw new HttpError(422, `Invalid multipart form: more than ${MAX_PARTS} parts`);
    if (part.filename === undefined) given.set(part.name, await new Response(part.body).text());
  }
  return Object.fromEntries(given);
}

function pick({ declared }: FormTarget, fields: Iterable<[string, string]>): JsonObject {
  const ids = new Set(declared.map(({ id }) => id));
  return Object.fromEntries([...fields].filter(([name]) => ids.has(name)));
}

/** Removes what `readInputs` stored, of an execution that is refused. */
export async function dropUploads(form: JsonObject, { declared, place, files }: FormTarget): Promise<void> {
  const folder = executionFolder(place);
  for (const { id, type } of declared) {
    const path = type === "FILE" ? parseFileUri(place.tenant, String(form[id] ?? "")) : undefined;
    if (path !== undefined && isInside(folder, path)) await files?.delete(path);
  }
}

async function readMultipart(
  body: ReadableStream<Uint8Array>,
  boundary: string,
  target: FormTarget,
): Promise<JsonObject> {
  const given = new Map<string, string>();
  const byId = new Map(target.declared.map((input) => [input.id, input]));
  let parts = 0;
  let textBytes = 0;
  for await (const part of readParts(body, boundary, STREAM_MAX_BYTES)) {
    if (++parts > MAX_PARTS) throw new HttpError(422, `Invalid multipart form: more than ${MAX_PARTS} parts`);
    const input = byId.get(part.name) ?? (part.filename === undefined ? undefined : byId.get(part.filename));
    if (!input) continue;
    if (part.filename !== undefined && input.type === "FILE") {
      given.set(input.id, await store(part, input, target));
      continue;
    }
    const text = await new Response(limitBody(part.body, BODY_MAX_BYTES)).text();
    textBytes += text.length;
    if (textBytes > BODY_MAX_BYTES) throw tooLarge(BODY_MAX_BYTES);
    given.set(input.id, text);
  }
  return Object.fromEntries(given);
}

async function store(
  part: Part,
  { id: inputId, extension = ".upl" }: FormTarget["declared"][number],
  { place, files }: FormTarget,
): Promise<string> {
  const name = (part.filename ?? "").replaceAll("\\", "/").split("/").at(-1) || inputId;
  const path = inputFile(place, inputId, name === inputId ? `${inputId}${extension}` : name);
  if (path === undefined) throw new HttpError(422, `Can't upload file: '${name.slice(0, 100)}' is no name for a file`);
  let bytes = 0;
  const counted = part.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    }),
  );
  if (files) await files.put(path, counted);
  else await counted.pipeTo(new WritableStream());
  if (bytes === 0) {
    await files?.delete(path);
    throw new HttpError(422, `Can't upload file: ${name}`, {
      problems: [{ code: "INVALID_INPUT", message: `Can't upload file: ${name} is empty`, path: inputId }],
    });
  }
  return fileUri(path);
}
