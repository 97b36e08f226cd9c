import type { EpochMs, Json } from "#schema/json.ts";

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

/** The key-value pairs of one namespace. */
export interface NamespaceRpc {
  getValue(key: string): Promise<KvFound>;
  /** `exists` only when `overwrite` is false and the key holds a live value. */
  setValue(key: string, value: KvValue, options: KvSetOptions): Promise<"stored" | "exists">;
  deleteValue(key: string): Promise<boolean>;
  /** Live entries, by key. */
  listValues(): Promise<KvEntry[]>;
}

export function namespaceActorName(tenant: string, namespace: string): string {
  return `${tenant}/${namespace}`;
}
