import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { Row, Sql, SqlValue, Sync } from "#shell/sql.ts";

/** An actor's SQLite on Node: in memory, or in a file. */
export function nodeSql(database: DatabaseSync = new DatabaseSync(":memory:")): Sql {
  let depth = 0;
  const statements = new Map<string, StatementSync>();
  const prepared = (query: string): StatementSync => {
    const known = statements.get(query);
    if (known !== undefined) return known;
    const made = database.prepare(query);
    statements.set(query, made);
    return made;
  };
  return {
    exec(query: string, ...bindings: SqlValue[]): Iterable<Row> {
      return prepared(query).all(...(bindings as SQLInputValue[])) as Row[];
    },
    transaction<T>(body: () => Sync<T>): T {
      depth += 1;
      const name = `t${depth}`;
      database.exec(`SAVEPOINT ${name}`);
      try {
        const result = body();
        database.exec(`RELEASE ${name}`);
        return result;
      } catch (error) {
        database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
        throw error;
      } finally {
        depth -= 1;
      }
    },
  };
}
