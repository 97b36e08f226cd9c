import type { SqlRow, SyncSql } from "./sync-sql.ts";

/** The part of a Durable Object's storage that holds its SQLite. */
export interface SqlStorageLike {
  sql: { exec(query: string, ...bindings: unknown[]): { toArray(): Record<string, unknown>[] } };
  transactionSync<T>(body: () => T): T;
}

/** A Durable Object's SQLite. */
export function createDurableSql(storage: SqlStorageLike): SyncSql {
  return {
    all: (sql, ...params) => storage.sql.exec(sql, ...params).toArray() as SqlRow[],
    transaction: (body) => storage.transactionSync(body),
  };
}
