import { ExecutionEvent } from "#schema/event.ts";
import type { EpochMs } from "#schema/json.ts";
import { LogLine } from "#schema/log.ts";
import { EVENT_VERSION, upcast } from "#schema/upcast.ts";
import { MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import type { Row, Sql } from "./sql.ts";

// The rows of a cell. Few and fat: one row of events and at most one of log lines for each turn, one row for the execution.
//
// T1. A commit is all or nothing, and its events follow the stored ones without a gap.
// T2. The log is the truth; a snapshot only saves replaying, and `due` only says when to look again.
// T3. An execution that was removed leaves its id, for ever: nothing under it is stored again.
// T4. The secrets that an execution was given are stored sealed, with the first commit after it was given them: what it says in a later
//     life is masked as it was in this one.

const SCHEMA = `
CREATE TABLE IF NOT EXISTS execution (
  id TEXT PRIMARY KEY, source INTEGER NOT NULL, head INTEGER NOT NULL, lines INTEGER NOT NULL,
  due INTEGER, boot TEXT, projected INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS execution_open ON execution (due) WHERE due IS NOT NULL OR projected < head;
CREATE TABLE IF NOT EXISTS journal (
  id TEXT, kind INTEGER, first INTEGER, body TEXT NOT NULL, PRIMARY KEY (id, kind, first)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snapshot_part (id TEXT, part INTEGER, body TEXT NOT NULL, PRIMARY KEY (id, part)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source (key INTEGER PRIMARY KEY, name TEXT UNIQUE, revision INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS removed (id TEXT PRIMARY KEY, at INTEGER NOT NULL, summary TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heard (
  id TEXT, effect TEXT, epoch INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (id, effect)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secret (id TEXT, number INTEGER, sealed TEXT NOT NULL, PRIMARY KEY (id, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS errand (id TEXT, number INTEGER, body TEXT NOT NULL, PRIMARY KEY (id, number)) WITHOUT ROWID;
`;

/** Kinds of journal rows: events and log lines, numbered apart. */
const EVENTS = 0;
const LINES = 1;
/** A statement may have 100 parameters. */
const ROWS_PER_INSERT = 20;
type Kind = typeof EVENTS | typeof LINES;

/** A longer snapshot goes on in further rows. */
const SNAPSHOT_ROW_CHARACTERS = 500_000;

export type Stored = {
  head: number;
  lines: number;
  projected: number;
  source: string;
  sourceName: string;
  revision: number;
  snapshot: { seq: number; body: string } | undefined;
  /** Events after the snapshot, or all. */
  events: ExecutionEvent[];
  /** All events, for when the snapshot cannot be read. */
  log: () => ExecutionEvent[];
  /** What it must not say. `lostSecrets`: how many cannot be opened any more, for want of their key. */
  secrets?: readonly string[];
  lostSecrets?: number;
};

/** The lines of an attempt are stored up to number `next` of those of the lease `epoch`. */
export type Heard = { epoch: number; next: number };

export type Commit = {
  id: string;
  /** Only with the first commit of an execution. */
  source?: { name: string; revision: number; body: string };
  head: number;
  events: readonly ExecutionEvent[];
  lines: readonly LogLine[];
  /** Lines stored once this commit is done. */
  lineCount: number;
  due: EpochMs | undefined;
  boot: string | undefined;
  snapshot?: { seq: number; body: string };
  /** Up to where attempts have been heard, by effect; only what is new. */
  heard?: readonly [effect: string, heard: Heard][];
  /** Secrets it was given since the last commit. */
  secrets?: readonly string[];
};

/** Seals what may not lie open. Synchronous: it is used within a commit and while an execution is read. */
export interface Vault {
  /** Undefined where there is no key to seal with. */
  seal(text: string): string | undefined;
  /** Undefined when the key it was sealed with is not there any more. */
  open(sealed: string): string | undefined;
}

/** Keeps nothing: what was sealed is not known in a later life. */
export const NO_VAULT: Vault = { seal: () => undefined, open: () => undefined };

export class CellStore {
  readonly #sql: Sql;
  readonly #vault: Vault;
  readonly #sources = new Map<string, number>();
  /** False while nothing was ever removed here: a start then has nothing to ask. */
  #hasRemoved: boolean;
  #confirmed = new Map<string, number>();

  constructor(sql: Sql, vault: Vault = NO_VAULT) {
    this.#sql = sql;
    this.#vault = vault;
    sql.transaction(() => {
      for (const statement of SCHEMA.split(";")) if (statement.trim() !== "") sql.exec(statement);
    });
    this.#hasRemoved = Array.from(sql.exec("SELECT 1 AS one FROM removed LIMIT 1")).length > 0;
  }

  load(id: string): Stored | undefined {
    const [row] = this.#sql.exec(
      "SELECT e.head, e.lines, e.projected, s.revision, s.name, s.body FROM execution e JOIN source s ON s.key = e.source WHERE e.id = ?",
      id,
    );
    if (row === undefined) return undefined;
    const snapshot = this.#snapshot(id);
    const from = snapshot?.seq ?? 0;
    return {
      head: Number(row.head),
      lines: Number(row.lines),
      projected: Math.max(Number(row.projected), this.#confirmed.get(id) ?? 0),
      source: String(row.body),
      sourceName: String(row.name),
      revision: Number(row.revision),
      snapshot,
      events: this.events(id, from),
      log: () => this.events(id, 0),
      ...this.#secrets(id),
    };
  }

  /** [T4] */
  #secrets(id: string): Pick<Stored, "secrets" | "lostSecrets"> {
    const sealed = Array.from(this.#sql.exec("SELECT sealed FROM secret WHERE id = ?", id), (row) =>
      String(row.sealed),
    );
    if (sealed.length === 0) return {};
    const opened = sealed.map((text) => this.#vault.open(text)).filter((text) => text !== undefined);
    return { secrets: opened, lostSecrets: sealed.length - opened.length };
  }

  #writeSecrets(id: string, secrets: readonly string[]): void {
    const sealed = secrets.map((secret) => this.#vault.seal(secret)).filter((text) => text !== undefined);
    for (const text of sealed)
      this.#sql.exec(
        "INSERT INTO secret SELECT ?1, coalesce(max(number) + 1, 0), ?2 FROM secret WHERE id = ?1",
        id,
        text,
      );
  }

  #snapshot(id: string): Stored["snapshot"] {
    const [first] = this.#sql.exec("SELECT seq, body FROM snapshot WHERE id = ?", id);
    if (first === undefined) return undefined;
    const parts = [String(first.body)];
    for (const { body } of this.#sql.exec("SELECT body FROM snapshot_part WHERE id = ? ORDER BY part", id))
      parts.push(String(body));
    return { seq: Number(first.seq), body: parts.join("") };
  }

  #writeSnapshot(id: string, { seq, body }: NonNullable<Commit["snapshot"]>): void {
    const size = SNAPSHOT_ROW_CHARACTERS;
    this.#sql.exec("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)", id, seq, body.slice(0, size));
    this.#sql.exec("DELETE FROM snapshot_part WHERE id = ?", id);
    for (let part = 1; part * size < body.length; part++)
      this.#sql.exec(
        "INSERT INTO snapshot_part VALUES (?, ?, ?)",
        id,
        part,
        body.slice(part * size, (part + 1) * size),
      );
  }

  /** Events with a sequence number above `after`, `limit` of them at most. */
  events(id: string, after: number, limit = Number.POSITIVE_INFINITY): ExecutionEvent[] {
    const events: ExecutionEvent[] = [];
    for (const row of this.#rows(EVENTS, id, after)) {
      for (const event of readBatch(row, after, readEvent)) if (events.length < limit) events.push(event);
      if (events.length >= limit) break;
    }
    return events;
  }

  /** Log lines from number `from` (counted from 0) on. */
  lines(id: string, from: number): LogLine[] {
    const lines: LogLine[] = [];
    for (const row of this.#rows(LINES, id, from))
      for (const line of readBatch(row, from, readLine)) if (line !== null) lines.push(line);
    return lines;
  }

  /** Takes away the lines that `isMeant`; how many there were. Their numbers stay theirs. */
  removeLines(id: string, isMeant: (line: LogLine) => boolean): number {
    let removed = 0;
    const changed: { first: number; body: string }[] = [];
    for (const row of this.#rows(LINES, id, 0)) {
      const lines = readBatch(row, 0, readLine);
      const kept = lines.map((line) => (line !== null && isMeant(line) ? null : line));
      const gone = lines.filter((line, index) => line !== null && kept[index] === null).length;
      if (gone > 0) changed.push({ first: Number(row.first), body: JSON.stringify(kept) });
      removed += gone;
    }
    this.#sql.transaction(() => {
      for (const { first, body } of changed)
        this.#sql.exec("UPDATE journal SET body = ? WHERE id = ? AND kind = ? AND first = ?", body, id, LINES, first);
    });
    return removed;
  }

  /** The row that holds the number after `after`, and all that follow it. */
  #rows(kind: Kind, id: string, after: number): Iterable<Row> {
    return this.#sql.exec(
      `SELECT first, body FROM journal WHERE id = ?1 AND kind = ?2 AND first >= coalesce(
         (SELECT max(first) FROM journal WHERE id = ?1 AND kind = ?2 AND first <= ?3), 0) ORDER BY first`,
      id,
      kind,
      after,
    );
  }

  commit(commit: Commit): void {
    const { id, events, lines, head } = commit;
    const boot = commit.boot ?? null;
    const due = commit.due ?? null;
    this.#sql.transaction(() => {
      if (commit.source !== undefined) {
        const source = this.#sourceKey(commit.source);
        this.#sql.exec(
          "INSERT INTO execution (id, source, head, lines, due, boot) VALUES (?, ?, ?, ?, ?, ?)",
          id,
          source,
          head,
          commit.lineCount,
          due,
          boot,
        );
      } else {
        this.#sql.exec(
          // Nothing is open when the projection has confirmed this very state already.
          "UPDATE execution SET head = ?1, lines = ?2, due = CASE WHEN ?3 < 0 AND projected >= ?1 THEN NULL ELSE ?3 END, boot = ?4 WHERE id = ?5",
          head,
          commit.lineCount,
          due,
          boot,
          id,
        );
      }
      this.#insert(id, [
        ...batches(EVENTS, head - events.length, events),
        ...batches(LINES, commit.lineCount - lines.length, lines),
      ]);
      if (commit.snapshot !== undefined) this.#writeSnapshot(id, commit.snapshot);
      for (const [effect, { epoch, next }] of commit.heard ?? [])
        this.#sql.exec("INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?)", id, effect, epoch, next);
      if (commit.secrets !== undefined) this.#writeSecrets(id, commit.secrets);
      this.#writeConfirmed();
    });
  }

  /** Up to where the lines of an attempt are stored. */
  heard(id: string, effect: string): Heard | undefined {
    const [row] = this.#sql.exec("SELECT epoch, next FROM heard WHERE id = ? AND effect = ?", id, effect);
    return row && { epoch: Number(row.epoch), next: Number(row.next) };
  }

  /** One statement for all, or for as many at a time as may have parameters. */
  #insert(id: string, rows: readonly Batch[]): void {
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
      const some = rows.slice(from, from + ROWS_PER_INSERT);
      const values = Array(some.length).fill("(?, ?, ?, ?)").join(", ");
      const bindings = some.flatMap(({ kind, first, body }) => [id, kind, first, body]);
      this.#sql.exec(`INSERT INTO journal VALUES ${values}`, ...bindings);
    }
  }

  #sourceKey(source: { name: string; revision: number; body: string }): number {
    const known = this.#sources.get(source.name);
    if (known !== undefined) return known;
    const [row] = this.#sql.exec("SELECT key FROM source WHERE name = ?", source.name);
    if (row !== undefined) {
      this.#sources.set(source.name, Number(row.key));
      return Number(row.key);
    }
    const [made] = this.#sql.exec(
      "INSERT INTO source (name, revision, body) VALUES (?, ?, ?) RETURNING key",
      source.name,
      source.revision,
      source.body,
    );
    // Known from the next look on: this transaction may yet fail.
    return Number(made?.key);
  }

  /** Remembers that the projection has the state at `seq`; written with the next commit of any execution, or by `flush`. */
  confirm(id: string, seq: number): void {
    this.#confirmed.set(id, Math.max(seq, this.#confirmed.get(id) ?? 0));
  }

  flush(): void {
    if (this.#confirmed.size > 0) this.#sql.transaction(() => this.#writeConfirmed());
  }

  #writeConfirmed(): void {
    for (const [id, seq] of this.#confirmed)
      this.#sql.exec("UPDATE execution SET projected = max(projected, ?) WHERE id = ?", seq, id);
    this.#confirmed = new Map();
  }

  /** What wants to be looked at some time: at `due` (ms), or because the projection may not show it. */
  open(): { id: string; due: EpochMs | undefined; boot: string | undefined; isProjected: boolean }[] {
    const rows = this.#sql.exec(
      "SELECT id, due, boot, projected >= head AS shown FROM execution WHERE due IS NOT NULL OR projected < head",
    );
    return Array.from(rows, (row) => ({
      id: String(row.id),
      due: row.due === null ? undefined : Number(row.due),
      boot: row.boot === null ? undefined : String(row.boot),
      isProjected: row.shown === 1,
    }));
  }

  /**
   * Takes the execution out, and leaves its id. `summary` is what the lists are still to be told, `errands` what others are.
   */
  remove(id: string, at: EpochMs, summary: string, errands: readonly string[] = []): void {
    this.#confirmed.delete(id);
    this.#hasRemoved = true;
    this.#sql.transaction(() => {
      this.#sql.exec("INSERT OR REPLACE INTO removed VALUES (?, ?, ?)", id, at, summary);
      this.#writeErrands(id, errands);
      for (const table of ["execution", "journal", "snapshot", "snapshot_part", "heard", "secret"])
        this.#sql.exec(`DELETE FROM ${table} WHERE id = ?`, id);
    });
  }

  /** What removed executions have still to tell others. */
  errands(): { id: string; number: number; body: string }[] {
    return Array.from(this.#sql.exec("SELECT id, number, body FROM errand ORDER BY id, number"), (row) => ({
      id: String(row.id),
      number: Number(row.number),
      body: String(row.body),
    }));
  }

  /** These, and no others, are left of a removed execution. */
  keepErrands(id: string, bodies: readonly string[]): void {
    this.#sql.transaction(() => this.#writeErrands(id, bodies));
  }

  #writeErrands(id: string, bodies: readonly string[]): void {
    this.#sql.exec("DELETE FROM errand WHERE id = ?", id);
    bodies.forEach((body, number) => void this.#sql.exec("INSERT INTO errand VALUES (?, ?, ?)", id, number, body));
  }

  errandDone(id: string, number: number): void {
    this.#sql.transaction(() => void this.#sql.exec("DELETE FROM errand WHERE id = ? AND number = ?", id, number));
  }

  isRemoved(id: string): boolean {
    if (!this.#hasRemoved) return false;
    return Array.from(this.#sql.exec("SELECT 1 AS one FROM removed WHERE id = ?", id)).length > 0;
  }

  /** What the lists have not confirmed of removed executions. */
  untold(): string[] {
    return Array.from(this.#sql.exec("SELECT summary FROM removed WHERE summary IS NOT NULL"), (row) =>
      String(row.summary),
    );
  }

  /** The lists know that it was removed. */
  told(id: string): void {
    this.#sql.transaction(() => void this.#sql.exec("UPDATE removed SET summary = NULL WHERE id = ?", id));
  }
}

type Batch = { kind: Kind; first: number; body: string };

/** Items as one row, or as several when they are too much for one. */
function batches(kind: Kind, first: number, items: readonly unknown[]): Batch[] {
  if (items.length === 0) return [];
  const body = JSON.stringify(kind === EVENTS ? { version: EVENT_VERSION, items } : items);
  if (body.length <= MAX_VALUE_CHARACTERS || items.length === 1) return [{ kind, first, body }];
  const half = items.length >> 1;
  return [...batches(kind, first, items.slice(0, half)), ...batches(kind, first + half, items.slice(half))];
}

/** The items of a row that come after number `after`. A plain list is what rows were before they had a version. */
function readBatch<T>(row: Row, after: number, parse: (item: unknown, version: number) => T): T[] {
  const body: unknown = JSON.parse(String(row.body));
  const { version = 1, items } = Array.isArray(body)
    ? { items: body }
    : (body as { version?: number; items?: unknown });
  if (!Array.isArray(items)) throw new Error("A stored batch is no list");
  return items.slice(Math.max(0, after - Number(row.first))).map((item) => parse(item, version));
}

/** A line that was taken away has left its place. */
function readLine(item: unknown): LogLine | null {
  return item === null ? null : LogLine.parse(item);
}

function readEvent(item: unknown, version: number): ExecutionEvent {
  return ExecutionEvent.parse(upcast(item, version));
}
