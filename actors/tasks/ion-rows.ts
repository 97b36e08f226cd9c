import { IonError, type IonItem, parseIonPiece, type Value } from "#expr/index.ts";
import { TaskFailure, type TaskFiles } from "./define.ts";
import { decodeChunks, wholeLines } from "./text-chunks.ts";

// A file of Ion records, many at a time. Records stand one on a line as a rule, but a record may take several.
//
// I1. Each record comes once, in its order, with its text as it is written: whoever only passes it on changes nothing of it.
// I2. What is no Ion is a TaskFailure that names the line, counted from 1.

/** Longest record, in characters. */
const MAX_RECORD_CHARACTERS = 16 * 1024 * 1024;
const BINARY_MARK = [0xe0, 0x01, 0x00, 0xea];

export type IonRow = { value: Value; text: string };

type Reading = { uri: string; timestamp?: (text: string) => Value };
type Signal = { readonly aborted: boolean };

/** The records of the file `uri`, in groups. `timestamp` makes a value of a timestamp; left out, it is its text. */
export async function* ionRows(
  files: Pick<TaskFiles, "open">,
  reading: Reading,
  signal: Signal = { aborted: false },
): AsyncGenerator<IonRow[]> {
  const cursor = new PieceCursor(reading);
  const texts = wholeLines(decodeChunks(textOnly(files.open(reading.uri), reading.uri)), MAX_RECORD_CHARACTERS);
  for await (const text of texts) {
    if (signal.aborted) throw new TaskFailure("The task was stopped.");
    const rows = cursor.add(text);
    if (rows.length > 0) yield rows;
  }
  const last = cursor.end();
  if (last.length > 0) yield last;
}

class PieceCursor {
  readonly #reading: Reading;
  /** Begins with a record that was not whole. */
  #held = "";
  /** A record that is not whole is tried again only when as much has come: otherwise a long one would be read again at each line. */
  #tryAgainAt = 0;
  #line = 1;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  add(text: string): IonRow[] {
    this.#held += text;
    return this.#held.length < this.#tryAgainAt ? [] : this.#read(false);
  }

  end(): IonRow[] {
    return this.#read(true);
  }

  #read(isLast: boolean): IonRow[] {
    const text = this.#held;
    const { items, rest } = this.#parse(text, isLast);
    this.#held = text.slice(rest);
    this.#line += linesIn(text, rest);
    this.#tryAgainAt = 2 * this.#held.length;
    if (this.#held.length > MAX_RECORD_CHARACTERS)
      throw this.#failure(0, `a record has more than ${MAX_RECORD_CHARACTERS} characters, or is not closed`);
    return items.map(({ value, from, to }: IonItem) => ({ value, text: text.slice(from, to) }));
  }

  #parse(text: string, isLast: boolean) {
    const { timestamp } = this.#reading;
    try {
      return parseIonPiece(text, { isLast, ...(timestamp && { timestamp }) });
    } catch (error) {
      if (!(error instanceof IonError)) throw error;
      throw this.#failure(error.at, error.message.replace(/^Invalid ion: | at offset \d+\.$/g, ""));
    }
  }

  #failure(at: number, what: string): TaskFailure {
    const line = this.#line + linesIn(this.#held, at);
    return new TaskFailure(`${this.#reading.uri} is no file of Ion records: in line ${line}, ${what}.`);
  }
}

/** Line breaks before offset `to`. */
function linesIn(text: string, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

async function* textOnly(chunks: AsyncIterable<Uint8Array>, uri: string): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst && BINARY_MARK.every((byte, index) => chunk[index] === byte))
      throw new TaskFailure(`${uri} is binary Ion, and only its text form can be read here.`);
    isFirst = false;
    yield chunk;
  }
}
