import { DurableObject } from "cloudflare:workers";
import type { Env } from "#edge/env.ts";
import { durableSql } from "#shell/durable-sql.ts";
import { IndexCore } from "./index-core.ts";
import type { IndexRpc, SqlQuery, SqlValue } from "./index-rpc.ts";

/** The Durable Object of the index: wiring only. */
export class IndexActor extends DurableObject<Env> implements IndexRpc {
  private readonly core: IndexCore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.core = new IndexCore(durableSql(ctx.storage));
  }

  async query(statements: readonly SqlQuery[]): Promise<SqlValue[][][]> {
    return this.core.query(statements);
  }
}
