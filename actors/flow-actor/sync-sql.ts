/** A row of an actor's own database, by column name. */
export type SqlRow = Record<string, string | number | null>;

/** An actor's own SQLite: synchronous, and a transaction may not await. */
export interface SyncSql {
  all(sql: string, ...params: (string | number | null)[]): SqlRow[];
  /** All of it or, when `body` throws, nothing. */
  transaction<T>(body: () => Sync<T>): T;
}

type Sync<T> = T extends PromiseLike<unknown> ? never : T;
