/** What a column holds. */
export type SqlValue = string | number | null;
export type Row = Record<string, SqlValue>;

/** Refuses at compile time a transaction body that would await in the middle. */
export type Sync<T> = T extends PromiseLike<unknown> ? never : T;

/**
 * One actor's SQLite. Everything is synchronous; what one turn of the event loop wrote becomes durable as one, before
 * anything that turn sends leaves the actor.
 */
export interface Sql {
  exec(query: string, ...bindings: SqlValue[]): Iterable<Row>;
  /** All of `body`'s writes or none of them. */
  transaction<T>(body: () => Sync<T>): T;
}
