import type { EpochMs, JsonObject } from "#schema/json.ts";
import type { KvType, KvValue } from "#schema/kv.ts";
import type { FileIndexRpc } from "./files-rpc.ts";

/** Largest value, in UTF-8 bytes of its JSON: a row has 2 MB at most. */
export const MAX_KV_BYTES = 1_500_000;

export type KvEntry = {
  key: string;
  type: KvType;
  description: string | null;
  createdAt: EpochMs;
  updatedAt: EpochMs;
  expiresAt: EpochMs | null;
  /** 1 is the first. */
  version: number;
};

export type KvFound =
  | ({ kind: "found"; version: number; updatedAt: EpochMs } & KvValue)
  | { kind: "absent" }
  | { kind: "expired" };

export type KvSetOptions = { overwrite: boolean; ttlMs?: number; description?: string };

export const KV_SORTS = ["key", "creationDate", "updateDate", "expirationDate"] as const;
/** `page` counts from 1. An empty `q` leaves nothing out. */
export type KvSearch = {
  q: string;
  page: number;
  size: number;
  sort: { field: (typeof KV_SORTS)[number]; descending: boolean };
};
export type KvPage = { results: KvEntry[]; total: number };
export type KvVersion = KvValue & { version: number; updatedAt: EpochMs };

export type TemplateKey = { namespace: string; id: string };

/** The key-value pairs of one namespace. */
export interface KeyValueRpc {
  getValue(key: string): Promise<KvFound>;
  /** `exists` only when `overwrite` is false and the key holds a live value. */
  setValue(key: string, value: KvValue, options: KvSetOptions): Promise<"stored" | "exists" | "too-large">;
  /** Those of the keys that had a live value. */
  deleteValues(keys: readonly string[]): Promise<string[]>;
  /** Takes out those of the keys that have expired, or all; how many went. */
  purgeValues(keys: readonly string[], expiredOnly: boolean): Promise<number>;
  /** Live entries, by key; or those that have expired and are still told of. */
  listValues(which?: { expired?: boolean }): Promise<KvEntry[]>;
  searchValues(search: KvSearch): Promise<KvPage>;
  valueHistory(key: string): Promise<KvVersion[]>;
}

/** What a namespace says for its flows. All of it is inherited by the namespaces below it but `allowedNamespaces`. */
export type SpaceBody = {
  description?: string;
  variables?: JsonObject;
  pluginDefaults?: JsonObject[];
  /** Who else may use its flows, values, files and secrets; everybody when left out or empty. */
  allowedNamespaces?: { namespace: string }[];
};
export type Space = SpaceBody & { id: string };

/** `spaces`: those of the namespace and its parents that say something, the nearest first. Left out when `version` is the known one. */
export type SpaceChain = { version: number; spaces?: Space[] };

export type SecretEntry = {
  namespace: string;
  key: string;
  description: string | null;
  tags: { key: string; value: string }[];
  createdAt: EpochMs;
  updatedAt: EpochMs;
};
/** `sealed` is only ever opened by who uses the secret. */
export type SealedSecret = { namespace: string; key: string; sealed: string };
export type SecretSearch = { namespaces?: readonly string[]; q: string; page: number; size: number };

/** The namespaces of a tenant, what they say, and their secrets. All of a tenant's are in one actor. */
export interface SpacesRpc {
  /** Of this namespace and its parents. */
  spacesOf(namespace: string, knownVersion?: number): Promise<SpaceChain>;
  getSpace(id: string): Promise<Space | null>;
  saveSpace(id: string, body: SpaceBody, mode: "create" | "update"): Promise<"saved" | "exists" | "absent">;
  /** False when there was none. Its secrets go with it. */
  removeSpace(id: string): Promise<boolean>;
  /** Those that were created, and those that hold secrets or values: `explicit` tells which. */
  listSpaces(): Promise<{ id: string; explicit: boolean; description?: string }[]>;
  /** Something is in this namespace, so lists name it. */
  noteSpace(id: string): Promise<void>;
  /** The secret of the first of `namespaces` that has one of that name. */
  findSecret(namespaces: readonly string[], key: string): Promise<SealedSecret | null>;
  saveSecret(secret: SealedSecret & { description?: string; tags?: { key: string; value: string }[] }): Promise<void>;
  /** False when there is no such secret. */
  describeSecret(
    namespace: string,
    key: string,
    about: { description?: string | undefined; tags?: { key: string; value: string }[] | undefined },
  ): Promise<boolean>;
  removeSecret(namespace: string, key: string): Promise<boolean>;
  searchSecrets(search: SecretSearch): Promise<{ results: SecretEntry[]; total: number }>;
  /** Secrets that another key than `keyId` sealed, `limit` of them at most. */
  staleSecrets(keyId: string, limit: number): Promise<SealedSecret[]>;
  /** Puts `to` in place of the sealed text, unless the secret has changed since. */
  resealSecret(secret: SealedSecret, to: string): Promise<boolean>;
}

/** The actor called `templatesActorName` holds the templates of a tenant. */
export interface TemplatesRpc {
  /** Those of `keys` that there are. */
  findTemplates(keys: readonly TemplateKey[]): Promise<JsonObject[]>;
  /** `create` leaves one that is there, `update` makes none. */
  saveTemplate(
    key: TemplateKey,
    body: JsonObject,
    mode: "create" | "update" | "put",
  ): Promise<"saved" | "exists" | "absent">;
  removeTemplate(key: TemplateKey): Promise<boolean>;
  listTemplates(): Promise<JsonObject[]>;
}

export interface NamespaceRpc extends KeyValueRpc, SpacesRpc, TemplatesRpc, FileIndexRpc {}

export function namespaceActorName(tenant: string, namespace: string): string {
  return `${tenant}/${namespace}`;
}

/** Remembers how far the search for files that belong to nobody has come. No namespace begins with `_`, so this is none. */
export function sweepActorName(tenant: string): string {
  return `${tenant}/_sweep`;
}

/** No namespace begins with `_`, so this is none. */
export function templatesActorName(tenant: string): string {
  return `${tenant}/_templates`;
}

/** As `templatesActorName`, of the actor that holds what namespaces say and their secrets. */
export function spacesActorName(tenant: string): string {
  return `${tenant}/_namespaces`;
}

/** The namespace, then its parents: `a.b` gives `a.b`, `a`. */
export function withParents(namespace: string): string[] {
  const parts = namespace.split(".");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
}
