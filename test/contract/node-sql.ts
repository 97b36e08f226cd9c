import { DatabaseSync } from "node:sqlite";
import type { SqlRow, SyncSql } from "#actors/flow-actor/sync-sql.ts";

/** A SQLite in memory that looks like an actor's own. */
export function createNodeSql(): SyncSql {
  const database = new DatabaseSync(":memory:");
  let depth = 0;
  return {
    all: (sql, ...params) => database.prepare(sql).all(...params) as SqlRow[],
    transaction(body) {
      const name = `s${depth++}`;
      database.exec(`SAVEPOINT ${name}`);
      try {
        const result = body();
        database.exec(`RELEASE ${name}`);
        return result;
      } catch (error) {
        database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
        throw error;
      } finally {
        depth--;
      }
    },
  };
}
