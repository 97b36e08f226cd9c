import type { EpochMs, Json, JsonObject } from "#schema/json.ts";
import type { FileIndexRpc } from "./files-rpc.ts";

export const KV_TYPES = ["STRING", "NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON"] as const;
export type KvType = (typeof KV_TYPES)[number];

export type KvValue = { type: KvType; value: Json };

export type KvEntry = {
  key: string;
  description: string | null;
  createdAt: EpochMs;
  updatedAt: EpochMs;
  expiresAt: EpochMs | null;
};

export type KvFound = ({ kind: "found" } & KvValue) | { kind: "absent" } | { kind: "expired" };

export type KvSetOptions = { overwrite: boolean; ttlMs?: number; description?: string };

export type TemplateKey = { namespace: string; id: string };

/** The key-value pairs and the files of one namespace; the actor called `templatesActorName` holds the templates of a tenant. */
export interface NamespaceRpc extends FileIndexRpc {
  getValue(key: string): Promise<KvFound>;
  /** `exists` only when `overwrite` is false and the key holds a live value. */
  setValue(key: string, value: KvValue, options: KvSetOptions): Promise<"stored" | "exists">;
  deleteValue(key: string): Promise<boolean>;
  /** Live entries, by key. */
  listValues(): Promise<KvEntry[]>;
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
