import { concatBytes, encodeUtf8 } from "#schema/bytes.ts";
import { isJsonObject } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { EdgeContext } from "./define.ts";

type Part = { name: string; fileName?: string; content: Uint8Array };
type FormBody = { content: string | Uint8Array; type: string; replaces: boolean };

/** `fields` as a form: multipart when `contentType` says so, else URL-encoded. */
export async function formBody(
  fields: JsonObject,
  contentType: string | undefined,
  ctx: EdgeContext,
): Promise<FormBody> {
  const entries = Object.entries(fields).filter(([, value]) => value !== null);
  if (!contentType?.toLowerCase().startsWith("multipart/form-data")) {
    const pairs = entries.map(([name, value]) => `${encodeField(name)}=${encodeField(asText(value))}`);
    return { content: pairs.join("&"), type: "application/x-www-form-urlencoded", replaces: true };
  }
  const parts: Part[] = [];
  for (const [name, value] of entries) parts.push(await partOf(name, value, ctx));
  const boundary = boundaryFor(parts, ctx.now);
  return { content: encodeParts(parts, boundary), type: `multipart/form-data; boundary=${boundary}`, replaces: true };
}

function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function encodeField(text: string): string {
  return encodeURIComponent(text).replaceAll("%20", "+");
}

async function partOf(name: string, value: Json, ctx: EdgeContext): Promise<Part> {
  if (typeof value === "string" && value.startsWith("kestra://")) {
    const fileName = value.slice(value.lastIndexOf("/") + 1);
    return { name, fileName, content: await ctx.files.get(value) };
  }
  if (isJsonObject(value) && typeof value.name === "string" && typeof value.content === "string") {
    const stored = value.content.startsWith("kestra://");
    const content = stored ? await ctx.files.get(value.content) : encodeUtf8(value.content);
    return { name, fileName: value.name, content };
  }
  return { name, content: encodeUtf8(asText(value)) };
}

/** A boundary that stands in none of the parts. */
function boundaryFor(parts: readonly Part[], now: number): string {
  for (let n = now; ; n++) {
    const boundary = `windhover-${n.toString(36)}`;
    const mark = encodeUtf8(boundary);
    if (!parts.some(({ content }) => contains(content, mark))) return boundary;
  }
}

function contains(bytes: Uint8Array, wanted: Uint8Array): boolean {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A")}"`;
}

function encodeParts(parts: readonly Part[], boundary: string): Uint8Array {
  const chunks = parts.flatMap(({ name, fileName, content }) => {
    const file =
      fileName === undefined ? "" : `; filename=${quoted(fileName)}\r\nContent-Type: application/octet-stream`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name=${quoted(name)}${file}\r\n\r\n`;
    return [encodeUtf8(head), content, encodeUtf8("\r\n")];
  });
  return concatBytes([...chunks, encodeUtf8(`--${boundary}--\r\n`)]);
}
