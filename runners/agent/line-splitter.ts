import { StringDecoder } from "node:string_decoder";
import { MAX_LOG_MESSAGE } from "#schema/log.ts";
import type { Masker } from "#schema/mask.ts";

/** A line that may be a marker (`::{...}::`) is kept whole up to this many UTF-16 units. */
export const MAX_MARKER = 1_048_576;

/**
 * Makes lines of a stream of UTF-8 bytes. A line ends with LF or CRLF; what stands after the last one comes with `end`. A line
 * longer than MAX_LOG_MESSAGE is cut, with the number of characters that were dropped; at no time more than the limit is kept.
 */
export class LineSplitter {
  readonly #masker: Masker | undefined;
  readonly #decoder = new StringDecoder("utf8");
  #kept = "";
  #dropped = 0;

  /** `masker`: hides secrets in lines that are cut, the end of which may be half of one. Whole lines are left as they are. */
  constructor(masker?: Masker) {
    this.#masker = masker;
  }

  push(chunk: Uint8Array): string[] {
    return this.#take(this.#decoder.write(chunk));
  }

  end(): string[] {
    const lines = this.#take(this.#decoder.end());
    return this.#kept === "" && this.#dropped === 0 ? lines : [...lines, this.#finish()];
  }

  #take(text: string): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
      this.#append(text, from, to);
      lines.push(this.#finish());
      from = to + 1;
    }
    this.#append(text, from, text.length);
    return lines;
  }

  #append(text: string, from: number, to: number): void {
    const start = this.#kept === "" ? text.slice(from, from + 3) : this.#kept.slice(0, 3);
    const room = Math.max(0, (start === "::{" ? MAX_MARKER : MAX_LOG_MESSAGE) - this.#kept.length);
    this.#kept += text.slice(from, Math.min(to, from + room));
    this.#dropped += Math.max(0, to - from - room);
  }

  #finish(): string {
    const line = this.#kept.endsWith("\r") ? this.#kept.slice(0, -1) : this.#kept;
    const dropped = this.#dropped;
    this.#kept = "";
    this.#dropped = 0;
    return dropped === 0 ? line : `${this.#masker?.maskCut(line) ?? line}… (${dropped} more characters dropped)`;
  }
}
