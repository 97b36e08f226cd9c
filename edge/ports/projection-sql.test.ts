import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { IndexCore } from "#actors/index/index-core.ts";
import type { Sql } from "#shell/sql.ts";
import { projectionContract } from "#test/contract/projection.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { MIGRATIONS, statementsOf } from "../db/migrations.ts";
import { createSqlProjection } from "./projection-sql.ts";

describe("the projection in the index actor's database", () => {
  projectionContract(() => {
    const core = new IndexCore(nodeSql());
    return createSqlProjection(async (statements) => {
      for (const { params } of statements) expect(params.length).toBeLessThanOrEqual(100);
      expect(statements.length).toBeLessThanOrEqual(100);
      return core.query(statements);
    });
  });

  test("[X1] opening the same database again applies nothing twice", () => {
    const sql = nodeSql();
    new IndexCore(sql);
    expect(() => new IndexCore(sql)).not.toThrow();
  });

  test.each(MIGRATIONS.map(({ name }, index) => ({ name, count: index + 1 })))(
    "[X1] a database of $name becomes that of today, with all that is in it",
    ({ count }) => {
      const sql = nodeSql();
      sql.exec("CREATE TABLE applied_migrations (name TEXT PRIMARY KEY)");
      for (const { name, sql: text } of MIGRATIONS.slice(0, count)) {
        for (const statement of statementsOf(text)) sql.exec(statement);
        sql.exec("INSERT INTO applied_migrations VALUES (?)", name);
      }
      const before = tablesOf(sql);
      for (const table of before) fill(sql, table);
      new IndexCore(sql);
      const fresh = nodeSql();
      new IndexCore(fresh);
      expect(shapesOf(sql)).toEqual(shapesOf(fresh));
      for (const table of before) expect([table, rowsOf(sql, table)]).toEqual([table, 1]);
    },
  );

  test("the migrations as text are those of the folder", () => {
    const folder = new URL("../db/migrations/", import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
    expect(MIGRATIONS.map(({ name }) => `${name}.sql`)).toEqual(files.sort());
    for (const { name, sql } of MIGRATIONS)
      expect(sql).toBe(readFileSync(new URL(`${name}.sql`, folder), "utf8").trim());
  });
});

function tablesOf(sql: Sql): string[] {
  const rows = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'applied_migrations'");
  return Array.from(rows, ({ name }) => String(name));
}

/** Columns of all tables as the database knows them, whatever statements made them. */
function shapesOf(sql: Sql): unknown {
  const columns = (table: string) =>
    Array.from(sql.exec(`SELECT name, type, "notnull", pk FROM pragma_table_info('${table}') ORDER BY name`));
  const indexes = (table: string) =>
    Array.from(sql.exec(`SELECT name FROM pragma_index_list('${table}') ORDER BY name`));
  return tablesOf(sql)
    .sort()
    .map((table) => [table, columns(table), indexes(table)]);
}

/** One row, of whatever the columns take. */
function fill(sql: Sql, table: string): void {
  const columns = Array.from(sql.exec(`SELECT name, type FROM pragma_table_info('${table}')`));
  const names = columns.map(({ name }) => `"${String(name)}"`).join(", ");
  const values = columns.map(({ type }) => (String(type).toLowerCase() === "integer" ? 1 : "[]"));
  sql.exec(`INSERT INTO "${table}" (${names}) VALUES (${values.map(() => "?").join(", ")})`, ...values);
}

function rowsOf(sql: Sql, table: string): number {
  const [row] = sql.exec(`SELECT count(*) AS total FROM "${table}"`);
  return Number(row?.total);
}
