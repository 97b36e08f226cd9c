import { HttpError } from "./http-error.ts";
import { tooLarge } from "./middleware/body/body-limit.ts";

// Reads multipart/form-data as a stream: a file is never held in memory. (Request.formData() holds all of it, and an object has 128 MB.)
//
// M1. Parts come in order. A part's body must be read, or is dropped, before the next part is asked for.
// M2. What is not well formed is refused with status 422; nothing is guessed.

export type Part = { name: string; filename?: string; contentType?: string; body: ReadableStream<Uint8Array> };

const HEAD_MAX_BYTES = 16 * 1024;
const CRLF = new Uint8Array([13, 10]);
const HEAD_END = new Uint8Array([13, 10, 13, 10]);
const encoder = new TextEncoder();

/** The boundary named by a content type, or undefined when it is no multipart form. */
export function multipartBoundary(contentType: string): string | undefined {
  if (!/^multipart\/form-data\s*(?:;|$)/i.test(contentType)) return undefined;
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  if (!match) throw malformed("the content type names no boundary");
  return match[1] ?? match[2];
}

/** The parts of a form; fails with status 413 as soon as more than `maxBytes` of it have been read. */
export async function* readParts(
  body: ReadableStream<Uint8Array>,
  boundary: string,
  maxBytes: number,
): AsyncGenerator<Part> {
  const delimiter = encoder.encode(`\r\n--${boundary}`);
  const input = new Scanner(body, maxBytes);
  try {
    for await (const _ of input.until(delimiter)); // What stands before the first part is not ours.
    while (!(await input.isLast())) {
      const head = await input.head();
      const content = input.until(delimiter);
      yield { ...parseHead(head), body: streamOf(content) };
      for await (const _ of content);
    }
    await input.drain();
  } finally {
    await input.close();
  }
}

function streamOf(content: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await content.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
  });
}

function malformed(reason: string): HttpError {
  return new HttpError(422, `Invalid multipart form: ${reason}`);
}

class Scanner {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly maxBytes: number;
  private seen = 0;
  /** Starts with a line break, so that the first boundary looks like all others. */
  private buffer: Uint8Array = CRLF;

  constructor(body: ReadableStream<Uint8Array>, maxBytes: number) {
    this.reader = body.getReader();
    this.maxBytes = maxBytes;
  }

  /** Bytes up to `mark`, which is consumed too. */
  async *until(mark: Uint8Array): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = indexOf(this.buffer, mark);
      if (at >= 0) {
        const found = this.buffer.subarray(0, at);
        this.buffer = this.buffer.subarray(at + mark.length);
        if (found.length > 0) yield found;
        return;
      }
      const safe = this.buffer.length - mark.length + 1;
      if (safe > 0) {
        const passed = this.buffer.subarray(0, safe);
        this.buffer = this.buffer.subarray(safe);
        yield passed;
      }
      await this.more();
    }
  }

  /** After a boundary: whether it was the closing one. */
  async isLast(): Promise<boolean> {
    while (this.buffer.length < 2) await this.more();
    const end = this.buffer[0] === 0x2d && this.buffer[1] === 0x2d;
    if (!end && indexOf(this.buffer.subarray(0, 2), CRLF) !== 0) throw malformed("a boundary is followed by more text");
    return end;
  }

  /** The headers of a part; the buffer stands at the line break after the boundary. */
  async head(): Promise<string> {
    for (;;) {
      const at = indexOf(this.buffer, HEAD_END);
      if (at > HEAD_MAX_BYTES || (at < 0 && this.buffer.length > HEAD_MAX_BYTES)) {
        throw malformed(`the headers of a part have more than ${HEAD_MAX_BYTES} bytes`);
      }
      if (at >= 0) {
        const head = new TextDecoder().decode(this.buffer.subarray(2, Math.max(2, at)));
        this.buffer = this.buffer.subarray(at + HEAD_END.length);
        return head;
      }
      await this.more();
    }
  }

  /** Reads what stands after the closing boundary: a body that is left half read may cost its connection. */
  async drain(): Promise<void> {
    while ((await this.read()) !== undefined);
  }

  async close(): Promise<void> {
    await this.reader.cancel().catch(() => undefined);
  }

  private async read(): Promise<Uint8Array | undefined> {
    const { value } = await this.reader.read();
    this.seen += value?.length ?? 0;
    if (this.seen > this.maxBytes) throw tooLarge(this.maxBytes);
    return value;
  }

  private async more(): Promise<void> {
    const value = await this.read();
    if (value === undefined) throw malformed("it ends before its closing boundary");
    if (this.buffer.length === 0) {
      this.buffer = value;
      return;
    }
    const joined = new Uint8Array(this.buffer.length + value.length);
    joined.set(this.buffer);
    joined.set(value, this.buffer.length);
    this.buffer = joined;
  }
}

function indexOf(bytes: Uint8Array, mark: Uint8Array): number {
  const first = mark[0] ?? 0;
  const last = bytes.length - mark.length;
  for (let at = bytes.indexOf(first); at >= 0 && at <= last; at = bytes.indexOf(first, at + 1)) {
    let i = 1;
    while (i < mark.length && bytes[at + i] === mark[i]) i++;
    if (i === mark.length) return at;
  }
  return -1;
}

function parseHead(head: string): Omit<Part, "body"> {
  let disposition: string | undefined;
  let contentType: string | undefined;
  for (const line of head.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "content-disposition") disposition = value;
    else if (name === "content-type") contentType = value;
  }
  const name = disposition === undefined ? undefined : parameter(disposition, "name");
  if (disposition === undefined || name === undefined) throw malformed("a part has no name");
  const filename = encodedParameter(disposition, "filename") ?? parameter(disposition, "filename");
  return {
    name,
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

/** `name="…"` as browsers (percent escapes) and curl (back-slashes) write it. */
function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]*))`, "i").exec(disposition);
  if (!match) return undefined;
  const quoted = match[1]?.replaceAll(/\\(["\\])/g, "$1");
  return (quoted ?? match[2] ?? "").replaceAll("%22", '"').replaceAll("%0D", "\r").replaceAll("%0A", "\n");
}

function encodedParameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}\\*=UTF-8''([^\\s;]+)`, "i").exec(disposition);
  if (!match?.[1]) return undefined;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    throw malformed(`'${name}*' is not well encoded`);
  }
}
