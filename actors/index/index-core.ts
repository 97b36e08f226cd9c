import { MIGRATIONS, statementsOf } from "#edge/db/migrations.ts";
import type { Sql } from "#shell/sql.ts";
import type { SqlQuery, SqlValue } from "./index-rpc.ts";

// The index of a local server: the projection's database behind one call.
//
// X1. Each migration is applied once, in order, all of it or nothing.
// X2. The statements of one call are one transaction.

export class IndexCore {
  private readonly sql: Sql;

  constructor(sql: Sql) {
    this.sql = sql;
    this.migrate();
  }

  query(statements: readonly SqlQuery[]): SqlValue[][][] {
    return this.sql.transaction(() =>
      statements.map(({ sql, params }) => Array.from(this.sql.exec(sql, ...params), (row) => Object.values(row))),
    );
  }

  private migrate(): void {
    this.sql.exec("CREATE TABLE IF NOT EXISTS applied_migrations (name TEXT PRIMARY KEY)");
    const applied = new Set(Array.from(this.sql.exec("SELECT name FROM applied_migrations"), ({ name }) => name));
    for (const { name, sql } of MIGRATIONS) {
      if (applied.has(name)) continue;
      this.sql.transaction(() => {
        for (const statement of statementsOf(sql)) this.sql.exec(statement);
        this.sql.exec("INSERT INTO applied_migrations (name) VALUES (?)", name);
      });
    }
  }
}
