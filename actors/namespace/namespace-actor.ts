import { DurableObject } from "cloudflare:workers";
import type { Env } from "#edge/env.ts";
import { durableSql } from "#shell/durable-sql.ts";
import { NamespaceCore } from "./namespace-core.ts";
import type { KvEntry, KvFound, KvSetOptions, KvValue, NamespaceRpc } from "./namespace-rpc.ts";

/** The Durable Object of a namespace: wiring only. */
export class NamespaceActor extends DurableObject<Env> implements NamespaceRpc {
  private readonly core: NamespaceCore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.core = new NamespaceCore(durableSql(ctx.storage), () => Date.now());
  }

  async getValue(key: string): Promise<KvFound> {
    return this.core.get(key);
  }

  async setValue(key: string, value: KvValue, options: KvSetOptions): Promise<"stored" | "exists"> {
    return this.core.set(key, value, options);
  }

  async deleteValue(key: string): Promise<boolean> {
    return this.core.delete(key);
  }

  async listValues(): Promise<KvEntry[]> {
    return this.core.list();
  }
}
