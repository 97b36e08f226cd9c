import {
  applyD1Migrations,
  createExecutionContext,
  createMessageBatch,
  type D1Migration,
  getQueueResult,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { Env } from "#edge/env.ts";
import worker from "#edge/index.ts";
import { createR2Files } from "#edge/ports/files-r2.ts";
import { createSqlProjection } from "#edge/ports/projection-sql.ts";
import { createD1Sql } from "#edge/ports/sql-d1.ts";
import { createIndexSql } from "#edge/ports/sql-index.ts";
import { filesContract } from "../contract/files.ts";
import { executionSummary, projectionContract } from "../contract/projection.ts";

// The adapters for Cloudflare's services, and the index actor, on the real runtime.

// The bindings are those of wrangler.toml, which is where Env comes from.
const bindings = env as unknown as Required<Pick<Env, "DB" | "FILES">> &
  Env & { DB: D1Database; TEST_MIGRATIONS: D1Migration[] };

beforeAll(() => applyD1Migrations(bindings.DB, bindings.TEST_MIGRATIONS));

describe("the projection in D1", () => {
  projectionContract(async () => {
    const run = createD1Sql(bindings.DB);
    await run(["executions", "flows", "triggers"].map((table) => ({ sql: `DELETE FROM ${table}`, params: [] })));
    return createSqlProjection(run);
  });
});

describe("the projection in the index actor", () => {
  projectionContract(async () => {
    const run = createIndexSql(bindings.INDEX);
    await run(["executions", "flows", "triggers"].map((table) => ({ sql: `DELETE FROM ${table}`, params: [] })));
    return createSqlProjection(run);
  });
});

describe("files in R2", () => {
  filesContract(async () => {
    for (const { key } of (await bindings.FILES.list({ prefix: "" })).objects) await bindings.FILES.delete(key);
    return createR2Files(bindings.FILES);
  });
});

describe("the queue's consumer", () => {
  test("brings summaries to D1 and acknowledges them", async () => {
    const body = { kind: "summaries", summaries: [executionSummary("fromqueue")] };
    const batch = createMessageBatch("windhover", [{ id: "m1", timestamp: new Date(), attempts: 1, body }]);
    const context = createExecutionContext();
    await worker.queue(batch, bindings);
    expect((await getQueueResult(batch, context)).explicitAcks).toEqual(["m1"]);
    const found = await createSqlProjection(createD1Sql(bindings.DB)).searchExecutions(
      "main",
      [{ field: "id", op: "EQUALS", values: ["fromqueue"] }],
      { page: 1, size: 10, sort: [] },
    );
    expect(found.total).toBe(1);
  });
});
