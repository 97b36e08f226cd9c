import { DatabaseSync } from "node:sqlite";
import type { Sql } from "#actors/dispatch/ports.ts";

/** A Dispatch actor's database on Node's own SQLite: in memory, or in the file `path`. */
export function nodeSql(path = ":memory:"): Sql {
  const database = new DatabaseSync(path);
  return {
    exec: (query, ...bindings) => database.prepare(query).all(...bindings),
    transaction(body) {
      database.exec("BEGIN");
      try {
        body();
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}
