import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { LogLine } from "#schema/log.ts";

// The lines of one job on their way to the server, in order.
//
// L1. A line is counted once it is here: its number never changes, and it is kept until it is acknowledged.
// L2. In memory stand the oldest lines only; what does not fit goes to a file, up to `maxBytes`.
// L3. What does not fit there either is dropped until the file has been read; then one line says how many were.

const MEMORY_LINES = 2_000;
const MEMORY_CHARS = 1_000_000;
const READ_BYTES = 262_144;

export class LogSpool {
  readonly #path: string;
  readonly #maxBytes: number;
  /** Oldest lines; the first has the number `#base`. */
  #memory: LogLine[] = [];
  #memoryChars = 0;
  #base = 0;
  #file: number | undefined;
  #readAt = 0;
  #writeAt = 0;
  #dropped = 0;
  #droppedAt = 0;

  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  push(lines: readonly LogLine[]): void {
    for (let i = 0; i < lines.length; ) {
      if (this.#isFull()) {
        this.#drop(lines.slice(i));
        return;
      }
      this.#noteDropped();
      i += this.#accept(lines, i);
    }
  }

  /** The oldest lines, at most `maxLines` and about `maxChars`, and the number of the first. */
  oldest(maxLines: number, maxChars: number): { from: number; lines: LogLine[] } {
    if (this.#memory.length === 0) this.#refill();
    if (this.#memory.length === 0) this.#noteDropped();
    let chars = 0;
    let count = 0;
    while (count < Math.min(maxLines, this.#memory.length)) {
      chars += this.#memory[count]?.message.length ?? 0;
      if (count > 0 && chars > maxChars) break;
      count++;
    }
    return { from: this.#base, lines: this.#memory.slice(0, count) };
  }

  /** Everything below the number `next` is durable. */
  acknowledge(next: number): void {
    const taken = this.#memory.splice(0, Math.max(0, next - this.#base));
    this.#base += taken.length;
    for (const { message } of taken) this.#memoryChars -= message.length;
  }

  /** True when a line waits. */
  get pending(): boolean {
    return this.#memory.length > 0 || this.#readAt < this.#writeAt || this.#dropped > 0;
  }

  /** Lines in memory; there may be more in the file. */
  get inMemory(): number {
    return this.#memory.length;
  }

  /** No more lines will come: says at last what was dropped. */
  finish(): void {
    this.#noteDropped();
  }

  close(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    rmSync(this.#path, { force: true });
    this.#file = undefined;
  }

  /** The file is as long as it may be. It begins anew once all of it has been read. */
  #isFull(): boolean {
    return this.#writeAt >= this.#maxBytes;
  }

  #drop(lines: readonly LogLine[]): void {
    this.#droppedAt = lines.at(-1)?.at ?? this.#droppedAt;
    this.#dropped += lines.length;
  }

  #noteDropped(): void {
    if (this.#dropped === 0) return;
    const message = `${this.#dropped} lines dropped: the task wrote faster than they could be sent.`;
    this.#dropped = 0;
    this.#accept([{ at: this.#droppedAt, level: "WARN", message }], 0);
  }

  /** Takes lines from `first` on, to memory or to the file; answers how many. */
  #accept(lines: readonly LogLine[], first: number): number {
    const line = lines[first];
    if (!line) return 1;
    const fits = this.#memory.length < MEMORY_LINES && this.#memoryChars + line.message.length <= MEMORY_CHARS;
    if (this.#readAt === this.#writeAt && (fits || this.#memory.length === 0)) {
      this.#memory.push(line);
      this.#memoryChars += line.message.length;
      return 1;
    }
    return this.#spill(lines, first);
  }

  #spill(lines: readonly LogLine[], first: number): number {
    let text = "";
    let count = 0;
    for (; first + count < lines.length && text.length < READ_BYTES; count++) {
      text += `${JSON.stringify(lines[first + count])}\n`;
    }
    this.#file ??= this.#open();
    this.#writeAt += writeAll(this.#file, Buffer.from(text), this.#writeAt);
    return count;
  }

  #open(): number {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    return openSync(this.#path, "w+", 0o600);
  }

  /** Brings the oldest lines of the file to memory. Only when memory is empty. */
  #refill(): void {
    if (this.#file === undefined || this.#readAt === this.#writeAt) return;
    for (let size = READ_BYTES; ; size *= 2) {
      const buffer = Buffer.alloc(Math.min(size, this.#writeAt - this.#readAt));
      readSync(this.#file, buffer, 0, buffer.length, this.#readAt);
      const end = buffer.lastIndexOf(10) + 1;
      if (end === 0) continue;
      const texts = buffer.toString("utf8", 0, end - 1).split("\n");
      this.#memory = texts.map((text) => LogLine.parse(JSON.parse(text)));
      this.#memoryChars = this.#memory.reduce((sum, { message }) => sum + message.length, 0);
      this.#readAt += end;
      break;
    }
    if (this.#readAt < this.#writeAt) return;
    ftruncateSync(this.#file, 0);
    this.#readAt = 0;
    this.#writeAt = 0;
  }
}

function writeAll(file: number, bytes: Uint8Array, at: number): number {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written, bytes.length - written, at + written);
  return written;
}
