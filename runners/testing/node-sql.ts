import { DatabaseSync } from "node:sqlite";
import type { Sql } from "#shell/sql.ts";
import { nodeSql as sqlOf } from "#test/support/node-sql.ts";

/** A Dispatch actor's database on Node's own SQLite: in memory, or in the file `path`. */
export function nodeSql(path = ":memory:"): Sql {
  return sqlOf(new DatabaseSync(path));
}
