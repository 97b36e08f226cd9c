import { encodeUtf8 } from "#schema/bytes.ts";
import type { EpochMs, Json } from "#schema/json.ts";
import { KV_TYPES, type KvType, type KvValue } from "#schema/kv.ts";
import type { Row, Sql } from "#shell/sql.ts";
import {
  type KvEntry,
  type KvFound,
  type KvPage,
  type KvSearch,
  type KvSetOptions,
  type KvVersion,
  MAX_KV_BYTES,
} from "./namespace-rpc.ts";

// The key-value pairs of one namespace.
//
// K1. A value past its time to live is as good as gone: reads say `expired`, lists leave it out, a write without overwriting succeeds.
// K2. Overwriting keeps the date of creation and counts the version on; a value that comes after an expired one is new, and version 1.
// K3. When its time is over a value is taken out of storage, with its history; that it has expired can be told for a day.
// K4. `nextDue` is when `expire` has something to do. Reads never rely on its having run.
// K5. The history of a key has its last versions, bounded in number and size. Deleting the key deletes them.

const KEEP_EXPIRED_MS = 86_400_000;
const MAX_VERSIONS = 20;
const MAX_HISTORY_CHARACTERS = 1_000_000;

const COLUMNS = "key, type, description, created_at, updated_at, expires_at, version";
const SORTS: Readonly<Record<KvSearch["sort"]["field"], string>> = {
  key: "key",
  creationDate: "created_at",
  updateDate: "updated_at",
  expirationDate: "expires_at",
};

export class NamespaceCore {
  readonly #sql: Sql;
  readonly #now: () => EpochMs;

  constructor(sql: Sql, now: () => EpochMs) {
    this.#sql = sql;
    this.#now = now;
    sql.transaction(() => createTables(sql));
  }

  get(key: string): KvFound {
    const [row] = this.#sql.exec("SELECT type, value, expires_at, updated_at, version FROM kv WHERE key = ?", key);
    if (!row) return { kind: "absent" };
    if (this.#isExpired(row.expires_at))
      return { kind: Number(row.expires_at) <= this.#now() - KEEP_EXPIRED_MS ? "absent" : "expired" };
    const value: Json = JSON.parse(String(row.value));
    const { version, updated_at: updatedAt } = row;
    return { kind: "found", type: typeOf(row), value, version: Number(version), updatedAt: Number(updatedAt) };
  }

  set(
    key: string,
    { type, value }: KvValue,
    { overwrite, ttlMs, description }: KvSetOptions,
  ): "stored" | "exists" | "too-large" {
    const now = this.#now();
    const text = JSON.stringify(value);
    if (text.length > MAX_KV_BYTES || encodeUtf8(text).length > MAX_KV_BYTES) return "too-large";
    return this.#sql.transaction(() => {
      const [row] = this.#sql.exec(`SELECT ${COLUMNS}, value FROM kv WHERE key = ?`, key);
      const isLive = row !== undefined && !this.#isExpired(row.expires_at);
      if (isLive && !overwrite) return "exists";
      if (isLive) this.#remember(row);
      else this.#sql.exec("DELETE FROM kv_version WHERE key = ?", key);
      this.#sql.exec(
        `INSERT OR REPLACE INTO kv (${COLUMNS}, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        key,
        type,
        description ?? null,
        isLive ? Number(row.created_at) : now,
        now,
        ttlMs === undefined ? null : now + ttlMs,
        isLive ? Number(row.version) + 1 : 1,
        text,
      );
      return "stored";
    });
  }

  delete(key: string): boolean {
    return this.deleteMany([key]).length > 0;
  }

  /** Those of the keys that had a live value. */
  deleteMany(keys: readonly string[]): string[] {
    return this.#sql.transaction(() =>
      keys.filter((key) => {
        const [row] = this.#sql.exec("DELETE FROM kv WHERE key = ? RETURNING expires_at", key);
        this.#sql.exec("DELETE FROM kv_version WHERE key = ?", key);
        return row !== undefined && !this.#isExpired(row.expires_at);
      }),
    );
  }

  /** Takes out those of the keys that have expired, or all of them; the number that went. */
  purge(keys: readonly string[], expiredOnly: boolean): number {
    return this.#sql.transaction(() => {
      let gone = 0;
      for (const key of keys) {
        const condition = expiredOnly ? " AND expires_at <= ?" : "";
        const [row] = this.#sql.exec(
          `DELETE FROM kv WHERE key = ?${condition} RETURNING key`,
          key,
          ...(expiredOnly ? [this.#now()] : []),
        );
        if (row === undefined) continue;
        this.#sql.exec("DELETE FROM kv_version WHERE key = ?", key);
        gone++;
      }
      return gone;
    });
  }

  /** Live entries by key; with `expired` those that have expired in place of them. */
  list({ expired = false }: { expired?: boolean } = {}): KvEntry[] {
    const which = expired ? "expires_at <= ?" : "(expires_at IS NULL OR expires_at > ?)";
    return Array.from(this.#sql.exec(`SELECT ${COLUMNS} FROM kv WHERE ${which} ORDER BY key`, this.#now()), entryOf);
  }

  /** One page of the live entries whose key or description holds `q`. */
  search({ q, page, size, sort }: KvSearch): KvPage {
    const where =
      "(expires_at IS NULL OR expires_at > ?1) AND (?2 = '' OR instr(lower(key), ?2) > 0 OR instr(lower(coalesce(description, '')), ?2) > 0)";
    const bindings = [this.#now(), q.toLowerCase()];
    const order = `${SORTS[sort.field]} ${sort.descending ? "DESC" : "ASC"}, key`;
    const rows = this.#sql.exec(
      `SELECT ${COLUMNS} FROM kv WHERE ${where} ORDER BY ${order} LIMIT ?3 OFFSET ?4`,
      ...bindings,
      size,
      (page - 1) * size,
    );
    const [counted] = this.#sql.exec(`SELECT count(*) AS total FROM kv WHERE ${where}`, ...bindings);
    return { results: Array.from(rows, entryOf), total: Number(counted?.total ?? 0) };
  }

  /** [K5] What the key has held, the newest first, the live value among them; nothing when there is none. */
  history(key: string): KvVersion[] {
    const [row] = this.#sql.exec(`SELECT ${COLUMNS}, value FROM kv WHERE key = ?`, key);
    if (row === undefined || this.#isExpired(row.expires_at)) return [];
    const older = this.#sql.exec(
      "SELECT version, type, value, updated_at FROM kv_version WHERE key = ? ORDER BY version DESC",
      key,
    );
    return [row, ...older].map((each) => ({
      version: Number(each.version),
      updatedAt: Number(each.updated_at),
      type: typeOf(each),
      value: JSON.parse(String(each.value)),
    }));
  }

  /** [K3] Takes out what has expired. */
  expire(): void {
    const now = this.#now();
    this.#sql.transaction(() => {
      this.#sql.exec("DELETE FROM kv_version WHERE key IN (SELECT key FROM kv WHERE expires_at <= ?)", now);
      this.#sql.exec("UPDATE kv SET value = '' WHERE expires_at <= ? AND value <> ''", now);
      this.#sql.exec("DELETE FROM kv WHERE expires_at <= ?", now - KEEP_EXPIRED_MS);
    });
  }

  /** [K4] */
  get nextDue(): EpochMs | undefined {
    const [row] = this.#sql.exec(
      "SELECT min(CASE WHEN value = '' THEN expires_at + ?1 ELSE expires_at END) AS due FROM kv WHERE expires_at IS NOT NULL",
      KEEP_EXPIRED_MS,
    );
    return typeof row?.due === "number" ? row.due : undefined;
  }

  #remember(row: Row): void {
    const key = String(row.key);
    this.#sql.exec(
      "INSERT INTO kv_version (key, version, type, value, updated_at) VALUES (?, ?, ?, ?, ?)",
      key,
      Number(row.version),
      String(row.type),
      String(row.value),
      Number(row.updated_at),
    );
    let characters = 0;
    let kept = 0;
    const versions = this.#sql.exec(
      "SELECT version, length(value) AS size FROM kv_version WHERE key = ? ORDER BY version DESC",
      key,
    );
    for (const { version, size } of Array.from(versions)) {
      kept += 1;
      characters += Number(size);
      if (kept < MAX_VERSIONS && characters <= MAX_HISTORY_CHARACTERS) continue;
      this.#sql.exec("DELETE FROM kv_version WHERE key = ? AND version = ?", key, Number(version));
    }
  }

  #isExpired(expiresAt: Row[string] | undefined): boolean {
    return typeof expiresAt === "number" && expiresAt <= this.#now();
  }
}

/** Also of a database of before there were versions: its values are version 1. */
function createTables(sql: Sql): void {
  sql.exec(
    `CREATE TABLE IF NOT EXISTS kv (
      key TEXT PRIMARY KEY, type TEXT NOT NULL, value TEXT NOT NULL, description TEXT,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER, version INTEGER NOT NULL DEFAULT 1
    ) WITHOUT ROWID`,
  );
  const columns = Array.from(sql.exec("SELECT name FROM pragma_table_info('kv')"), ({ name }) => name);
  if (!columns.includes("version")) sql.exec("ALTER TABLE kv ADD COLUMN version INTEGER NOT NULL DEFAULT 1");
  sql.exec(
    `CREATE TABLE IF NOT EXISTS kv_version (
      key TEXT, version INTEGER, type TEXT NOT NULL, value TEXT NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY (key, version)
    ) WITHOUT ROWID`,
  );
}

function typeOf(row: Row): KvType {
  return KV_TYPES.find((name) => name === row.type) ?? "JSON";
}

function entryOf(row: Row): KvEntry {
  return {
    key: String(row.key),
    type: typeOf(row),
    description: row.description === null ? null : String(row.description),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    version: Number(row.version),
  };
}
