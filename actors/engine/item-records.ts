import type { State } from "#schema/state.ts";
import type { Items } from "./state.ts";
import { Vector } from "./vector.ts";

/** What is known of a batch: `-` not asked for, `C` asked for, `R` running, else how it ended; after a colon, its execution. */
export type ItemRecord = string;

const STATES: Readonly<Record<string, State>> = {
  "-": "CREATED",
  C: "CREATED",
  R: "RUNNING",
  S: "SUCCESS",
  W: "WARNING",
  F: "FAILED",
  K: "KILLED",
  X: "CANCELLED",
};

/** The record of a batch whose execution ended in `state`. */
export function endRecord(state: State): ItemRecord {
  switch (state) {
    case "WARNING":
      return "W";
    case "FAILED":
      return "F";
    case "KILLED":
      return "K";
    case "CANCELLED":
      return "X";
    default:
      return "S";
  }
}

export function recordState(record: ItemRecord): State {
  return STATES[record.charAt(0)] ?? "CREATED";
}

/** The execution of a batch that runs; undefined when it does not. */
export function runningExecution(record: ItemRecord): string | undefined {
  return record.startsWith("R:") ? record.slice(2) : undefined;
}

/** True while a batch was asked for or runs. */
export function isItemUnderWay({ open, counts, wait }: Items): boolean {
  return open > 0 || (wait && (counts.RUNNING ?? 0) > 0);
}

/**
 * One short text for each batch, persistent as a vector is. As JSON it is one text in which a batch that is over takes one
 * character: a hundred thousand of them are no burden for a snapshot.
 */
export class ItemRecords implements Iterable<ItemRecord> {
  readonly #list: Vector<ItemRecord>;

  private constructor(list: Vector<ItemRecord>) {
    this.#list = list;
  }

  /** `size` batches, none of them asked for. */
  static fresh(size: number): ItemRecords {
    return ItemRecords.of(Array.from({ length: size }, () => "-"));
  }

  static of(records: Iterable<ItemRecord>): ItemRecords {
    return new ItemRecords(Vector.from(records));
  }

  static parse(text: string): ItemRecords {
    return ItemRecords.of(text.match(/[A-Z-](?::[^;]*;)?/g)?.map((token) => token.replace(";", "")) ?? []);
  }

  get size(): number {
    return this.#list.size;
  }

  get(index: number): ItemRecord | undefined {
    return this.#list.get(index);
  }

  set(index: number, record: ItemRecord): ItemRecords {
    return new ItemRecords(this.#list.set(index, record));
  }

  [Symbol.iterator](): Iterator<ItemRecord> {
    return this.#list[Symbol.iterator]();
  }

  toJSON(): string {
    let text = "";
    for (const record of this.#list) text += record.length === 1 ? record : `${record};`;
    return text;
  }
}
