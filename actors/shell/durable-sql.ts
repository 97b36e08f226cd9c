import type { Row, Sql, SqlValue } from "./sql.ts";

/** The part of a Durable Object's storage that holds its SQLite. */
export interface SqlStorageLike {
  sql: { exec(query: string, ...bindings: SqlValue[]): Iterable<Row> };
  transactionSync<T>(body: () => T): T;
}

/** A Durable Object's SQLite. */
export function durableSql(storage: SqlStorageLike): Sql {
  return {
    exec: (query, ...bindings) => storage.sql.exec(query, ...bindings),
    transaction: (body) => storage.transactionSync(body),
  };
}
