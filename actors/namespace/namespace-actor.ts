import { DurableObject } from "cloudflare:workers";
import type { Env } from "#edge/env.ts";
import type { JsonObject } from "#schema/json.ts";
import { durableSql } from "#shell/durable-sql.ts";
import { FileCore } from "./file-core.ts";
import type { Conflict, FileToSave } from "./files-rpc.ts";
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

  async findFile(path: string) {
    return this.files().find(path);
  }

  async listFolder(path: string) {
    return this.files().list(path);
  }

  async fileContent(path: string, revision?: number) {
    return this.files().content(path, revision);
  }

  async listFiles() {
    return this.files().files();
  }

  async fileRevisions(path?: string) {
    return this.files().revisions(path);
  }

  async saveFiles(files: readonly FileToSave[], conflict: Conflict) {
    return this.files().save(files, conflict);
  }

  async makeFolder(path: string) {
    return this.files().makeFolder(path);
  }

  async moveFile(from: string, to: string) {
    return this.files().move(from, to);
  }

  async removeFiles(paths: readonly string[], keepFolders?: boolean) {
    return this.files().remove(paths, keepFolders);
  }

  async dropRevisions(revisions: readonly { path: string; revision: number }[]) {
    return this.files().dropRevisions(revisions);
  }

  async knownContents(contents: readonly string[]) {
    return this.files().known(contents);
  }

  async sweptTo() {
    return this.files().note("swept-to");
  }

  async setSweptTo(path: string) {
    this.files().setNote("swept-to", path);
  }

  /** Made when asked for: many of these actors never hold a file. */
  private files(): FileCore {
    return new FileCore(durableSql(this.ctx.storage), () => Date.now());
  }

  /** Made when asked for: most of these actors never hold a template. */
  private templates(): TemplateCore {
    return new TemplateCore(durableSql(this.ctx.storage), () => Date.now());
  }
}
