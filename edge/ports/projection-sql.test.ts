import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { IndexCore } from "#actors/index/index-core.ts";
import { projectionContract } from "#test/contract/projection.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { MIGRATIONS } from "../db/migrations.ts";
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

  test("the migrations as text are those of the folder", () => {
    const folder = new URL("../db/migrations/", import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
    expect(MIGRATIONS.map(({ name }) => `${name}.sql`)).toEqual(files.sort());
    for (const { name, sql } of MIGRATIONS)
      expect(sql).toBe(readFileSync(new URL(`${name}.sql`, folder), "utf8").trim());
  });
});
