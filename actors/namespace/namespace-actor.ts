import { DurableObject } from "cloudflare:workers";
import type { Env } from "#edge/env.ts";
import type { JsonObject } from "#schema/json.ts";
import { durableSql } from "#shell/durable-sql.ts";
import { NamespaceCore } from "./namespace-core.ts";
import type { KvEntry, KvFound, KvSetOptions, KvValue, NamespaceRpc, TemplateKey } from "./namespace-rpc.ts";
import { TemplateCore } from "./template-core.ts";

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

  async findTemplates(keys: readonly TemplateKey[]): Promise<JsonObject[]> {
    return this.templates().find(keys);
  }

  async saveTemplate(key: TemplateKey, body: JsonObject, mode: "create" | "update" | "put") {
    return this.templates().save(key, body, mode);
  }

  async removeTemplate(key: TemplateKey): Promise<boolean> {
    return this.templates().remove(key);
  }

  async listTemplates(): Promise<JsonObject[]> {
    return this.templates().list();
  }

  /** Made when asked for: most of these actors never hold a template. */
  private templates(): TemplateCore {
    return new TemplateCore(durableSql(this.ctx.storage), () => Date.now());
  }
}
