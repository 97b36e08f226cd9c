import { parseIon } from "#expr/ion/read.ts";
import { Double } from "#expr/value.ts";
import { base64Bytes } from "#schema/bytes.ts";
import { HttpError, illegalArgument } from "./http-error.ts";
import type { StoredFile } from "./ports/files.ts";

// The beginning of a file, as a page can show it.

export type Preview = {
  extension: string;
  type: "TEXT" | "LIST" | "IMAGE" | "MARKDOWN" | "PDF";
  content: unknown;
  maxLine: number;
  truncated: boolean;
};

export const DEFAULT_ROWS = 100;
export const MAX_ROWS = 5_000;
const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_BINARY_BYTES = 5 * 1024 * 1024;
const IMAGES = new Set(["bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "webp"]);

export type PreviewWish = { maxRows: number; encoding: string };

/** `open` reads at most so many bytes from the beginning of the file. */
export async function previewOf(
  name: string,
  open: (maxBytes: number) => Promise<StoredFile | null>,
  { maxRows, encoding }: PreviewWish,
): Promise<Preview | null> {
  const decoder = decoderOf(encoding);
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const isBinary = IMAGES.has(extension) || extension === "pdf";
  const maxBytes = isBinary ? MAX_BINARY_BYTES : MAX_TEXT_BYTES;
  const file = await open(maxBytes);
  if (file === null) return null;
  const bytes = new Uint8Array(await new Response(file.body).arrayBuffer());
  const isCut = file.size > bytes.length;
  const common = { extension, maxLine: maxRows };
  if (isBinary) {
    if (isCut)
      throw new HttpError(
        413,
        `Request Entity Too Large: the file has ${file.size} bytes, ${maxBytes} are shown: download it`,
      );
    return { ...common, type: extension === "pdf" ? "PDF" : "IMAGE", content: base64Bytes(bytes), truncated: false };
  }
  const { rows, truncated } = firstRows(decoder.decode(bytes), maxRows, isCut);
  if (extension === "ion") {
    const content = ionRows(rows);
    if (content !== undefined) return { ...common, type: "LIST", content, truncated };
  }
  return { ...common, type: extension === "md" ? "MARKDOWN" : "TEXT", content: rows.join("\n"), truncated };
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch {
    throw illegalArgument(`Unable to preview using encoding '${encoding.slice(0, 50)}'`);
  }
}

/** Of a text that was cut off, the last line is no whole one. */
function firstRows(text: string, maxRows: number, isCut: boolean): { rows: string[]; truncated: boolean } {
  const rows = text.split(/\r?\n/, maxRows + 1);
  const hasMore = rows.length > maxRows && !(rows.length === maxRows + 1 && rows.at(-1) === "" && !isCut);
  if (hasMore || rows.length > maxRows) rows.pop();
  else if (isCut && rows.length > 1) rows.pop();
  else if (rows.at(-1) === "") rows.pop();
  return { rows, truncated: hasMore || isCut };
}

/** One value on each line, as Kestra writes Ion; undefined when it is written in another way. */
function ionRows(rows: readonly string[]): unknown[] | undefined {
  try {
    return rows.filter((row) => row.trim() !== "").map((row) => plain(parseIon(row)));
  } catch {
    return undefined;
  }
}

function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, member: unknown) => {
    if (member instanceof Double) return member.value;
    return typeof member === "bigint" ? String(member) : member;
  });
  return JSON.parse(text);
}
