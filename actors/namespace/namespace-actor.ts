import { DurableObject } from "cloudflare:workers";
import type { Env } from "#edge/env.ts";
import type { JsonObject } from "#schema/json.ts";
import type { KvValue } from "#schema/kv.ts";
import { durableSql } from "#shell/durable-sql.ts";
import type { Conflict, FileToSave } from "./files-rpc.ts";
import { NamespaceRoom } from "./namespace-room.ts";
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

/** The Durable Object of a namespace, and of what a tenant has for all of them: wiring only. */
export class NamespaceActor extends DurableObject<Env> implements NamespaceRpc {
  readonly #room: NamespaceRoom;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#room = new NamespaceRoom(durableSql(ctx.storage), {
      now: () => Date.now(),
      setAlarm: (at) => void ctx.storage.setAlarm(at),
    });
  }

  override alarm() {
    this.#room.alarm();
  }
  getValue(key: string) {
    return this.#room.getValue(key);
  }
  setValue(key: string, value: KvValue, options: KvSetOptions) {
    return this.#room.setValue(key, value, options);
  }
  deleteValues(keys: readonly string[]) {
    return this.#room.deleteValues(keys);
  }
  purgeValues(keys: readonly string[], expiredOnly: boolean) {
    return this.#room.purgeValues(keys, expiredOnly);
  }
  listValues(which?: { expired?: boolean }) {
    return this.#room.listValues(which);
  }
  searchValues(search: KvSearch) {
    return this.#room.searchValues(search);
  }
  valueHistory(key: string) {
    return this.#room.valueHistory(key);
  }
  spacesOf(namespace: string, knownVersion?: number) {
    return this.#room.spacesOf(namespace, knownVersion);
  }
  getSpace(id: string) {
    return this.#room.getSpace(id);
  }
  saveSpace(id: string, body: SpaceBody, mode: "create" | "update") {
    return this.#room.saveSpace(id, body, mode);
  }
  removeSpace(id: string) {
    return this.#room.removeSpace(id);
  }
  listSpaces() {
    return this.#room.listSpaces();
  }
  noteSpace(id: string) {
    return this.#room.noteSpace(id);
  }
  findSecret(namespaces: readonly string[], key: string) {
    return this.#room.findSecret(namespaces, key);
  }
  saveSecret(secret: SealedSecret & { description?: string; tags?: SecretEntry["tags"] }) {
    return this.#room.saveSecret(secret);
  }
  describeSecret(
    namespace: string,
    key: string,
    about: { description?: string | undefined; tags?: SecretEntry["tags"] | undefined },
  ) {
    return this.#room.describeSecret(namespace, key, about);
  }
  removeSecret(namespace: string, key: string) {
    return this.#room.removeSecret(namespace, key);
  }
  searchSecrets(search: SecretSearch) {
    return this.#room.searchSecrets(search);
  }
  staleSecrets(keyId: string, limit: number) {
    return this.#room.staleSecrets(keyId, limit);
  }
  resealSecret(secret: SealedSecret, to: string) {
    return this.#room.resealSecret(secret, to);
  }
  findTemplates(keys: readonly TemplateKey[]) {
    return this.#room.findTemplates(keys);
  }
  saveTemplate(key: TemplateKey, body: JsonObject, mode: "create" | "update" | "put") {
    return this.#room.saveTemplate(key, body, mode);
  }
  removeTemplate(key: TemplateKey) {
    return this.#room.removeTemplate(key);
  }
  listTemplates() {
    return this.#room.listTemplates();
  }
  findFile(path: string) {
    return this.#room.findFile(path);
  }
  listFolder(path: string) {
    return this.#room.listFolder(path);
  }
  fileContent(path: string, revision?: number) {
    return this.#room.fileContent(path, revision);
  }
  listFiles() {
    return this.#room.listFiles();
  }
  fileRevisions(path?: string) {
    return this.#room.fileRevisions(path);
  }
  saveFiles(files: readonly FileToSave[], conflict: Conflict) {
    return this.#room.saveFiles(files, conflict);
  }
  makeFolder(path: string) {
    return this.#room.makeFolder(path);
  }
  moveFile(from: string, to: string) {
    return this.#room.moveFile(from, to);
  }
  removeFiles(paths: readonly string[], keepFolders?: boolean) {
    return this.#room.removeFiles(paths, keepFolders);
  }
  dropRevisions(revisions: readonly { path: string; revision: number }[]) {
    return this.#room.dropRevisions(revisions);
  }
  knownContents(contents: readonly string[]) {
    return this.#room.knownContents(contents);
  }
  sweptTo() {
    return this.#room.sweptTo();
  }
  setSweptTo(path: string) {
    return this.#room.setSweptTo(path);
  }
}
