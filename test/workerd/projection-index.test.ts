import { env } from "cloudflare:workers";
import { describe } from "vitest";
import { createSqlProjection } from "#edge/ports/projection-sql.ts";
import { createIndexSql } from "#edge/ports/sql-index.ts";
import { projectionContract } from "#test/contract/projection.ts";

describe("the projection in the index actor", () => {
  projectionContract(() => {
    const own = crypto.randomUUID();
    const namespace = {
      idFromName: (name: string) => env.INDEX.idFromName(`${name}-${own}`),
      get: (id: DurableObjectId) => env.INDEX.get(id),
    };
    return createSqlProjection(createIndexSql(namespace as never));
  });
});
