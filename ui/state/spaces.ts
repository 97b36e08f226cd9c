import type { Json, JsonObject } from "#schema/json.ts";
import type { KvType } from "#schema/kv.ts";
import { json, type Page, type Query, send } from "./api.ts";

// The API of namespaces, their values and their secrets.

export type SpaceItem = { id: string; disabled: boolean; description?: string };
export type SpaceJson = SpaceItem & {
  variables?: JsonObject;
  pluginDefaults?: JsonObject[];
  allowedNamespaces?: { namespace: string }[];
};
export type SpaceBody = Omit<SpaceJson, "disabled">;
export type KvItem = {
  key: string;
  namespace: string;
  type: KvType;
  description?: string;
  version: number;
  creationDate: string;
  updateDate: string;
  expirationDate?: string;
};
export type KvVersion = { type: KvType; value: Json; revision: number; updated: string };
export type SecretItem = {
  namespace: string;
  key: string;
  description?: string;
  tags: { key: string; value: string }[];
  creationDate: string;
  updateDate: string;
};

const part = encodeURIComponent;
const spacePath = (id: string): string => `/namespaces/${part(id)}`;
const kvPath = (namespace: string, key: string): string => `${spacePath(namespace)}/kv/${part(key)}`;
const secretPath = (namespace: string, key: string): string => `${spacePath(namespace)}/secrets/${part(key)}`;
const JSON_TYPE = "application/json";
const withBody = (method: string, body: unknown) => ({ method, body: JSON.stringify(body), type: JSON_TYPE });
const from = (query: Query, signal: AbortSignal | undefined) => (signal ? { query, signal } : { query });

export const spaces = {
  search: (query: Query, signal?: AbortSignal) => json<Page<SpaceItem>>("/namespaces/search", from(query, signal)),
  get: (id: string, signal?: AbortSignal) => json<SpaceJson>(spacePath(id), from([], signal)),
  /** Creates one that is not there yet. */
  save: (body: SpaceBody, isNew: boolean) =>
    json<SpaceJson>(isNew ? "/namespaces" : spacePath(body.id), withBody(isNew ? "POST" : "PUT", body)),
  async remove(id: string): Promise<void> {
    await send(spacePath(id), { method: "DELETE" });
  },
  async inherited(id: string, signal?: AbortSignal): Promise<{ variables: JsonObject; pluginDefaults: JsonObject[] }> {
    const [variables, pluginDefaults] = await Promise.all([
      json<JsonObject>(`${spacePath(id)}/inherited-variables`, from([], signal)),
      json<JsonObject[]>(`${spacePath(id)}/inherited-plugindefaults`, from([], signal)),
    ]);
    return { variables, pluginDefaults };
  },
};

export const values = {
  async list(namespace: string, query: Query, signal?: AbortSignal): Promise<Page<KvItem>> {
    const response = await send(`${spacePath(namespace)}/kv`, from(query, signal));
    const results = (await response.json()) as KvItem[];
    return { results, total: Number(response.headers.get("x-total-count") ?? results.length) };
  },
  inherited: (namespace: string, signal?: AbortSignal) =>
    json<readonly KvItem[]>(`${spacePath(namespace)}/kv/inheritance`, from([], signal)),
  get: (namespace: string, key: string) => json<KvVersion>(kvPath(namespace, key)),
  history: (namespace: string, key: string, signal?: AbortSignal) =>
    json<readonly KvVersion[]>(`${kvPath(namespace, key)}/history`, from([], signal)),
  async put(namespace: string, key: string, type: KvType, body: string, about: { ttl: string; description: string }) {
    const headers: Record<string, string> = {};
    if (about.ttl !== "") headers.ttl = about.ttl;
    if (about.description !== "") headers.description = about.description;
    const query: Query = type === "JSON" ? [["type", type]] : [];
    await send(kvPath(namespace, key), { method: "PUT", body, type: "text/plain", query, headers });
  },
  remove: (namespace: string, keys: readonly string[]) =>
    json<{ keys: string[] }>(`${spacePath(namespace)}/kv`, withBody("DELETE", { keys })),
};

export const secrets = {
  list: (namespace: string, query: Query, signal?: AbortSignal) =>
    json<Page<SecretItem>>(`${spacePath(namespace)}/secrets`, from(query, signal)),
  /** Names by namespace; those of the server's environment under the empty name. */
  inherited: (namespace: string, signal?: AbortSignal) =>
    json<Record<string, string[]>>(`${spacePath(namespace)}/inherited-secrets`, from([], signal)),
  put: (namespace: string, body: { key: string; value: string; description?: string; tags?: SecretItem["tags"] }) =>
    json<unknown>(`${spacePath(namespace)}/secrets`, withBody("PUT", body)),
  describe: (namespace: string, key: string, description: string) =>
    json<unknown>(secretPath(namespace, key), withBody("PATCH", { description })),
  remove: (namespace: string, key: string) => json<unknown>(secretPath(namespace, key), { method: "DELETE" }),
};
