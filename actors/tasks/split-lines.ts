import { concatBytes, encodeUtf8 } from "#schema/bytes.ts";
import { TaskFailure, type TaskFiles } from "./define.ts";

// A file of lines into files of fewer lines. What is held in memory has a bound, whatever the size of the file.
//
// P1. Each line is in exactly one batch, in its order; it ends in `separator`, whatever it ended in before. No batch is empty.
// P2. Batch `n` (from 0) is stored under `nameOf(n)`; batches are numbered without a gap. Doing it again gives the same files.

/** `bytes`: the largest size of a batch. A longer line is a batch of its own. `partitions`: lines are dealt out in turn. */
export type Splitting = { separator: string } & ({ rows: number } | { bytes: number } | { partitions: number });

/** A batch that is longer goes straight to the storage. */
const HELD_BYTES = 4 * 1024 * 1024;
/** What may be held of all batches that are in the making, or on their way to the storage. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Files that are written at a time. */
const MAX_WRITES = 16;

type Signal = { readonly aborted: boolean };
type Job = {
  files: TaskFiles;
  uri: string;
  nameOf: (number: number) => string;
  separator: Uint8Array;
  signal: Signal;
};

/** Splits the file `uri`; how many batches it gave. */
export async function splitLines(
  files: TaskFiles,
  uri: string,
  nameOf: (number: number) => string,
  splitting: Splitting,
  signal: Signal = { aborted: false },
): Promise<number> {
  const job = { files, uri, nameOf, separator: encodeUtf8(splitting.separator), signal };
  if ("partitions" in splitting) return dealOut(job, splitting.partitions);
  const fits =
    "rows" in splitting
      ? (rows: number) => rows < splitting.rows
      : (rows: number, bytes: number) => rows === 0 || bytes <= splitting.bytes;
  return inOrder(job, fits);
}

/** `fits(rows, bytes)`: whether a batch of so many lines takes one more, which would make it that long. */
async function inOrder(job: Job, fits: (rows: number, bytes: number) => boolean): Promise<number> {
  const cursor = new LineCursor(job);
  const writes = new Writes();
  let number = 0;
  for (; await cursor.hasLine(); number++) {
    const name = job.nameOf(number);
    const batch = oneBatch(cursor, job.separator, fits);
    const held: Uint8Array[] = [];
    let heldBytes = 0;
    let isWhole = false;
    while (heldBytes < HELD_BYTES) {
      const next = await batch.next();
      if (next.done === true) {
        isWhole = true;
        break;
      }
      held.push(next.value);
      heldBytes += next.value.length;
    }
    if (isWhole) await writes.add(heldBytes, () => job.files.put(name, concatBytes(held)));
    else await job.files.store(name, chained(held, batch));
  }
  await writes.end();
  return number;
}

/** The lines of the next batch, several in one chunk. */
async function* oneBatch(
  cursor: LineCursor,
  separator: Uint8Array,
  fits: (rows: number, bytes: number) => boolean,
): AsyncGenerator<Uint8Array> {
  let rows = 0;
  let bytes = 0;
  let parts: Uint8Array[] = [];
  for (;;) {
    const line = cursor.line;
    if (line === undefined) {
      if (parts.length > 0) yield concatBytes(parts);
      parts = [];
      if (!(await cursor.hasLine())) return;
      continue;
    }
    const more = bytes + line.length + separator.length;
    if (!fits(rows, more)) break;
    rows += 1;
    bytes = more;
    parts.push(line, separator);
    cursor.pass();
  }
  if (parts.length > 0) yield concatBytes(parts);
}

async function* chained(first: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first;
  yield* rest;
}

/** Deals the lines out to at most `count` batches. Reads the file again for each group of batches that fits in memory. */
async function dealOut(job: Job, count: number): Promise<number> {
  let used = 0;
  const groups: { from: number; to: number }[] = [{ from: 0, to: count }];
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    const { from, to } = group;
    const dealt = to - from === 1 ? await dealOne(job, count, from) : await dealGroup(job, count, group);
    if (dealt !== undefined) used = Math.max(used, dealt);
    else {
      const middle = (from + to) >> 1;
      groups.push({ from: middle, to }, { from, to: middle });
    }
  }
  return used;
}

/** Writes these partitions from memory; how many there are up to the last with a line. Undefined: they are too much for that. */
async function dealGroup(
  job: Job,
  count: number,
  { from, to }: { from: number; to: number },
): Promise<number | undefined> {
  const parts = new Map<number, Growing>();
  const cursor = new LineCursor(job);
  let bytes = 0;
  for (let row = 0; await cursor.hasLine(); row++) {
    const line = cursor.line;
    const partition = row % count;
    cursor.pass();
    if (line === undefined || partition < from || partition >= to) continue;
    bytes += line.length + job.separator.length;
    if (bytes > MAX_HELD_BYTES) {
      await cursor.close();
      return undefined;
    }
    const part = parts.get(partition);
    const grown = part ?? new Growing();
    if (part === undefined) parts.set(partition, grown);
    grown.add(line);
    grown.add(job.separator);
  }
  const writes = new Writes();
  for (const [partition, part] of parts) {
    await writes.add(part.bytes.length, () => job.files.put(job.nameOf(partition), part.bytes));
  }
  await writes.end();
  return parts.size === 0 ? 0 : from + parts.size;
}

async function dealOne(job: Job, count: number, partition: number): Promise<number> {
  const lines = every(new LineCursor(job), job.separator, count, partition);
  const first = await lines.next();
  if (first.done === true) return 0;
  await job.files.store(job.nameOf(partition), chained([first.value], lines));
  return partition + 1;
}

/** Every `count`th line from number `from` on, several in one chunk. */
async function* every(
  cursor: LineCursor,
  separator: Uint8Array,
  count: number,
  from: number,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  for (let row = 0; ; row++) {
    if (cursor.line === undefined) {
      if (parts.length > 0) yield concatBytes(parts);
      parts = [];
      if (!(await cursor.hasLine())) return;
    }
    if (row % count === from && cursor.line !== undefined) parts.push(cursor.line, separator);
    cursor.pass();
  }
}

/** The lines of a file, one after another. */
class LineCursor {
  readonly #groups: AsyncGenerator<Uint8Array[]>;
  readonly #signal: Signal;
  #lines: Uint8Array[] = [];
  #at = 0;

  constructor({ files, uri, signal }: Job) {
    this.#groups = groupsOfLines(files.open(uri));
    this.#signal = signal;
  }

  /** The line at hand; undefined when `hasLine` has to fetch more. */
  get line(): Uint8Array | undefined {
    return this.#lines[this.#at];
  }

  pass(): void {
    this.#at += 1;
  }

  /** False at the end of the file. */
  async hasLine(): Promise<boolean> {
    while (this.#at >= this.#lines.length) {
      if (this.#signal.aborted) throw new TaskFailure("The task was stopped.");
      const next = await this.#groups.next();
      if (next.done === true) return false;
      this.#lines = next.value;
      this.#at = 0;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#groups.return(undefined);
  }
}

const NEWLINE = 10;
const RETURN = 13;

/** The lines of each chunk, without what ends them. */
async function* groupsOfLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array[]> {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    const lines: Uint8Array[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      lines.push(lineOf(begun, chunk.subarray(from, at)));
      if (begun.length > 0) begun = [];
      begunBytes = 0;
      from = at + 1;
    }
    if (from < chunk.length) {
      begun.push(chunk.slice(from));
      begunBytes += chunk.length - from;
    }
    if (begunBytes > MAX_LINE_BYTES)
      throw new TaskFailure(`A line is longer than ${MAX_LINE_BYTES} bytes: is this a file with one item a line?`);
    if (lines.length > 0) yield lines;
  }
  if (begunBytes > 0) yield [lineOf(begun, new Uint8Array())];
}

function lineOf(begun: readonly Uint8Array[], rest: Uint8Array): Uint8Array {
  const line = begun.length === 0 ? rest : concatBytes([...begun, rest]);
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line;
}

/** Bytes that are added to. */
class Growing {
  #held = new Uint8Array(64);
  #length = 0;

  add(more: Uint8Array): void {
    const length = this.#length + more.length;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#held.length));
      larger.set(this.#held);
      this.#held = larger;
    }
    this.#held.set(more, this.#length);
    this.#length = length;
  }

  get bytes(): Uint8Array {
    return this.#held.subarray(0, this.#length);
  }
}

/** Files on their way to the storage: a bounded number, of bounded size in all. */
class Writes {
  readonly #underWay = new Set<Promise<unknown>>();
  #bytes = 0;

  async add(bytes: number, write: () => Promise<unknown>): Promise<void> {
    while (this.#underWay.size >= MAX_WRITES || (this.#bytes > 0 && this.#bytes + bytes > MAX_HELD_BYTES))
      await Promise.race(this.#underWay);
    this.#bytes += bytes;
    const done = write().then(() => {
      this.#bytes -= bytes;
      this.#underWay.delete(done);
    });
    // Heard by the next `add`, or by `end`.
    done.catch(() => undefined);
    this.#underWay.add(done);
  }

  async end(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
