import type { EpochMs, Json } from "#schema/json.ts";
import type { Sql } from "#shell/sql.ts";
import { KV_TYPES, type KvEntry, type KvFound, type KvSetOptions, type KvValue } from "./namespace-rpc.ts";

// The key-value pairs of one namespace.
//
// K1. A value past its time to live is as good as gone: reads say `expired`, lists leave it out, a write without overwriting succeeds.
// K2. Overwriting keeps the date of creation; a value that comes after an expired one is new.
// K3. Expired rows are dropped a day later, by the next list.

const VALUE_MAX_LENGTH = 1_500_000;
const KEEP_EXPIRED_MS = 86_400_000;

export class NamespaceCore {
  private readonly sql: Sql;
  private readonly now: () => EpochMs;

  constructor(sql: Sql, now: () => EpochMs) {
    this.sql = sql;
    this.now = now;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS kv (
        key TEXT PRIMARY KEY, type TEXT NOT NULL, value TEXT NOT NULL, description TEXT,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER
      ) WITHOUT ROWID`,
    );
  }

  get(key: string): KvFound {
    const [row] = this.sql.exec("SELECT type, value, expires_at FROM kv WHERE key = ?", key);
    if (!row) return { kind: "absent" };
    if (this.isExpired(row.expires_at)) return { kind: "expired" };
    const type = KV_TYPES.find((name) => name === row.type) ?? "JSON";
    const value: Json = JSON.parse(String(row.value));
    return { kind: "found", type, value };
  }

  set(key: string, { type, value }: KvValue, { overwrite, ttlMs, description }: KvSetOptions): "stored" | "exists" {
    const now = this.now();
    const text = JSON.stringify(value);
    if (text.length > VALUE_MAX_LENGTH)
      throw new RangeError(`the value of '${key}' has more than ${VALUE_MAX_LENGTH} characters`);
    const [row] = this.sql.exec("SELECT created_at, expires_at FROM kv WHERE key = ?", key);
    const isLive = row !== undefined && !this.isExpired(row.expires_at);
    if (isLive && !overwrite) return "exists";
    const createdAt = isLive ? (row.created_at ?? now) : now;
    this.sql.exec(
      "INSERT OR REPLACE INTO kv (key, type, value, description, created_at, updated_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      key,
      type,
      text,
      description ?? null,
      createdAt,
      now,
      ttlMs === undefined ? null : now + ttlMs,
    );
    return "stored";
  }

  delete(key: string): boolean {
    const [row] = this.sql.exec("DELETE FROM kv WHERE key = ? RETURNING expires_at", key);
    return row !== undefined && !this.isExpired(row.expires_at);
  }

  list(): KvEntry[] {
    const now = this.now();
    this.sql.exec("DELETE FROM kv WHERE expires_at < ?", now - KEEP_EXPIRED_MS);
    const rows = this.sql.exec(
      "SELECT key, description, created_at, updated_at, expires_at FROM kv WHERE expires_at IS NULL OR expires_at > ? ORDER BY key",
      now,
    );
    return Array.from(rows, (row) => ({
      key: String(row.key),
      description: row.description === null ? null : String(row.description),
      createdAt: Number(row.created_at),
      updatedAt: Number(row.updated_at),
      expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    }));
  }

  private isExpired(expiresAt: string | number | null | undefined): boolean {
    return typeof expiresAt === "number" && expiresAt <= this.now();
  }
}
