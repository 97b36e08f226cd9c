import type { EpochMs, JsonObject } from "#schema/json.ts";
import type { KvValue } from "#schema/kv.ts";
import type { Sql } from "#shell/sql.ts";
import { FileCore } from "./file-core.ts";
import type { Conflict, FileToSave } from "./files-rpc.ts";
import { NamespaceCore } from "./namespace-core.ts";
import type {
  KvSearch,
  KvSetOptions,
  NamespaceRpc,
  SealedSecret,
  SecretEntry,
  SecretSearch,
  SpaceBody,
  TemplateKey,
} from "./namespace-rpc.ts";
import { SpaceCore } from "./space-core.ts";
import { TemplateCore } from "./template-core.ts";

export type NamespaceHost = { now(): EpochMs; setAlarm(at: EpochMs): void };

/** Calls of the actors of this class, each to the core that it concerns; a core is made when it is first asked for. */
export class NamespaceRoom implements NamespaceRpc {
  readonly #sql: Sql;
  readonly #host: NamespaceHost;
  #values: NamespaceCore | undefined;
  #spaces: SpaceCore | undefined;
  #templates: TemplateCore | undefined;
  #files: FileCore | undefined;
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(sql: Sql, host: NamespaceHost) {
    this.#sql = sql;
    this.#host = host;
  }

  private get values(): NamespaceCore {
    this.#values ??= new NamespaceCore(this.#sql, () => this.#host.now());
    return this.#values;
  }

  private get spaces(): SpaceCore {
    this.#spaces ??= new SpaceCore(this.#sql, () => this.#host.now());
    return this.#spaces;
  }

  private get templates(): TemplateCore {
    this.#templates ??= new TemplateCore(this.#sql, () => this.#host.now());
    return this.#templates;
  }

  private get files(): FileCore {
    this.#files ??= new FileCore(this.#sql, () => this.#host.now());
    return this.#files;
  }

  async getValue(key: string) {
    return this.values.get(key);
  }

  async setValue(key: string, value: KvValue, options: KvSetOptions) {
    const stored = this.values.set(key, value, options);
    if (stored === "stored" && options.ttlMs !== undefined) this.#arm();
    return stored;
  }

  async deleteValues(keys: readonly string[]) {
    return this.values.deleteMany(keys);
  }

  async purgeValues(keys: readonly string[], expiredOnly: boolean) {
    return this.values.purge(keys, expiredOnly);
  }

  async listValues(which?: { expired?: boolean }) {
    return this.values.list(which);
  }

  async searchValues(search: KvSearch) {
    return this.values.search(search);
  }

  async valueHistory(key: string) {
    return this.values.history(key);
  }

  /** What is due: values whose time is over. An alarm that comes early or twice does no harm. */
  alarm(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    try {
      this.values.expire();
    } finally {
      this.#arm();
    }
  }

  async spacesOf(namespace: string, knownVersion?: number) {
    return this.spaces.chain(namespace, knownVersion);
  }

  async getSpace(id: string) {
    return this.spaces.get(id) ?? null;
  }

  async saveSpace(id: string, body: SpaceBody, mode: "create" | "update") {
    return this.spaces.save(id, body, mode);
  }

  async removeSpace(id: string) {
    return this.spaces.remove(id);
  }

  async listSpaces() {
    return this.spaces.list();
  }

  async noteSpace(id: string) {
    this.spaces.note(id);
  }

  async findSecret(namespaces: readonly string[], key: string) {
    return this.spaces.findSecret(namespaces, key) ?? null;
  }

  async saveSecret(secret: SealedSecret & { description?: string; tags?: SecretEntry["tags"] }) {
    this.spaces.saveSecret(secret);
  }

  async describeSecret(
    namespace: string,
    key: string,
    about: { description?: string | undefined; tags?: SecretEntry["tags"] | undefined },
  ) {
    return this.spaces.describeSecret(namespace, key, about);
  }

  async removeSecret(namespace: string, key: string) {
    return this.spaces.removeSecret(namespace, key);
  }

  async searchSecrets(search: SecretSearch) {
    return this.spaces.searchSecrets(search);
  }

  async staleSecrets(keyId: string, limit: number) {
    return this.spaces.staleSecrets(keyId, limit);
  }

  async resealSecret(secret: SealedSecret, to: string) {
    return this.spaces.resealSecret(secret, to);
  }

  async findTemplates(keys: readonly TemplateKey[]) {
    return this.templates.find(keys);
  }

  async saveTemplate(key: TemplateKey, body: JsonObject, mode: "create" | "update" | "put") {
    return this.templates.save(key, body, mode);
  }

  async removeTemplate(key: TemplateKey) {
    return this.templates.remove(key);
  }

  async listTemplates() {
    return this.templates.list();
  }

  async findFile(path: string) {
    return this.files.find(path);
  }

  async listFolder(path: string) {
    return this.files.list(path);
  }

  async fileContent(path: string, revision?: number) {
    return this.files.content(path, revision);
  }

  async listFiles() {
    return this.files.files();
  }

  async fileRevisions(path?: string) {
    return this.files.revisions(path);
  }

  async saveFiles(files: readonly FileToSave[], conflict: Conflict) {
    return this.files.save(files, conflict);
  }

  async makeFolder(path: string) {
    return this.files.makeFolder(path);
  }

  async moveFile(from: string, to: string) {
    return this.files.move(from, to);
  }

  async removeFiles(paths: readonly string[], keepFolders?: boolean) {
    return this.files.remove(paths, keepFolders);
  }

  async dropRevisions(revisions: readonly { path: string; revision: number }[]) {
    return this.files.dropRevisions(revisions);
  }

  async knownContents(contents: readonly string[]) {
    return this.files.known(contents);
  }

  async sweptTo() {
    return this.files.note("swept-to");
  }

  async setSweptTo(path: string) {
    this.files.setNote("swept-to", path);
  }

  /** Set again only when something is due earlier: one that is due later is asked for when the earlier one has rung. */
  #arm(): void {
    const due = this.values.nextDue;
    if (due === undefined || due >= this.#alarmAt) return;
    this.#alarmAt = due;
    this.#host.setAlarm(due);
  }
}
