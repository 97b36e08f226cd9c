import type { SyncSql } from "#actors/flow-actor/sync-sql.ts";
import { MIGRATIONS, statementsOf } from "#edge/db/migrations.ts";
import type { SqlQuery, SqlValue } from "./index-rpc.ts";

// The index of a local server: the projection's database behind one call.
//
// X1. Each migration is applied once, in order, all of it or nothing.
// X2. The statements of one call are one transaction.

export class IndexCore {
  private readonly sql: SyncSql;

  constructor(sql: SyncSql) {
    this.sql = sql;
    this.migrate();
  }

  query(statements: readonly SqlQuery[]): SqlValue[][][] {
    return this.sql.transaction(() =>
      statements.map(({ sql, params }) => this.sql.all(sql, ...params).map((row) => Object.values(row))),
    );
  }

  private migrate(): void {
    this.sql.all("CREATE TABLE IF NOT EXISTS applied_migrations (name TEXT PRIMARY KEY)");
    const applied = new Set(this.sql.all("SELECT name FROM applied_migrations").map(({ name }) => name));
    for (const { name, sql } of MIGRATIONS) {
      if (applied.has(name)) continue;
      this.sql.transaction(() => {
        for (const statement of statementsOf(sql)) this.sql.all(statement);
        this.sql.all("INSERT INTO applied_migrations (name) VALUES (?)", name);
      });
    }
  }
}
