import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { portsOf } from "#edge/ports/ports.ts";
import { createSqlProjection } from "#edge/ports/projection-sql.ts";
import { createD1Sql } from "#edge/ports/sql-d1.ts";
import { projectionContract } from "#test/contract/projection.ts";

const TABLES = ["executions", "flows", "triggers"];

describe("the projection on D1", () => {
  projectionContract(async () => {
    await env.DB.batch(TABLES.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
    return createSqlProjection(createD1Sql(env.DB));
  });

  test("is what the Worker uses where a database is bound", async () => {
    const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
    expect(results.map(({ name }) => name)).toEqual(expect.arrayContaining(TABLES));
    const { projection } = portsOf(env as never);
    expect(await projection.namespaces("main")).toEqual([]);
  });
});
