import type { DispatchActorRpc } from "#actors/dispatch/dispatch-rpc.ts";
import type { FlowRpc } from "#actors/flow-actor/flow-rpc.ts";
import type { IndexRpc, SqlValue } from "#actors/index/index-rpc.ts";
import type { NamespaceRpc } from "#actors/namespace/namespace-rpc.ts";
import type { Job } from "#schema/runner.ts";
import type { PlacePort } from "#shell/world.ts";
import type { CellRpc } from "./cells.ts";

/** The part of a Durable Object namespace that we use, with the actor's methods as plain promises. */
export interface ActorNamespace<Rpc> {
  idFromName(name: string): ActorId;
  get(id: ActorId): Rpc;
}
export interface ActorId {
  toString(): string;
}

/** The actor called `name`. */
export function actorByName<Rpc>(namespace: ActorNamespace<Rpc>, name: string): Rpc {
  return namespace.get(idOf(namespace, name));
}

const MAX_IDS = 2_000;
const idsByNamespace = new WeakMap<object, Map<string, ActorId>>();

/** The id of a name is a hash: worth keeping for names that come again and again. */
function idOf(namespace: ActorNamespace<unknown>, name: string): ActorId {
  let ids = idsByNamespace.get(namespace);
  if (ids === undefined || ids.size >= MAX_IDS) {
    ids = new Map();
    idsByNamespace.set(namespace, ids);
  }
  let id = ids.get(name);
  if (id === undefined) {
    id = namespace.idFromName(name);
    ids.set(name, id);
  }
  return id;
}

/** A service that speaks HTTP: a disk service of the plain runtime, or Cloudflare's assets. */
export interface HttpService {
  fetch(input: string, init?: ServiceRequest): Promise<Response>;
}
export type ServiceRequest = {
  method?: string;
  headers?: Record<string, string>;
  body?: Uint8Array | ReadableStream<Uint8Array>;
  /** Wanted by the standard for a body that is a stream. */
  duplex?: "half";
};

/** Runs edge and sandbox tasks. Resolves when the answer of every job has reached its cell. */
export interface WorkRpc {
  run(jobs: readonly Job[]): Promise<void>;
}

/** Slow work for a cell that is no task: it reads and writes files, and has the memory and the calls of its own invocation. */
export type FileWorkRpc = PlacePort;

/** The part of D1 that we use. */
export interface SqlDatabase {
  prepare(sql: string): SqlStatement;
  batch(statements: SqlStatement[]): Promise<{ results: Record<string, SqlValue>[] }[]>;
}
export interface SqlStatement {
  bind(...values: SqlValue[]): SqlStatement;
}

/** The part of R2 that we use. */
export interface ObjectBucket {
  put(key: string, body: Uint8Array): Promise<unknown>;
  createMultipartUpload(key: string): Promise<BucketUpload>;
  get(key: string, options?: { range?: { offset: number; length?: number } }): Promise<BucketBody | null>;
  head(key: string): Promise<BucketHead | null>;
  delete(keys: string | string[]): Promise<void>;
  list(options: { prefix?: string; cursor?: string; startAfter?: string; limit?: number }): Promise<BucketPage>;
}
export interface BucketUpload {
  uploadPart(partNumber: number, body: Uint8Array): Promise<BucketPart>;
  complete(parts: BucketPart[]): Promise<unknown>;
  abort(): Promise<void>;
}
export type BucketPart = { partNumber: number; etag: string };
export type BucketHead = { key: string; size: number; uploaded: Date };
export type BucketBody = BucketHead & { body: ReadableStream<Uint8Array> };
export type BucketPage = { objects: BucketHead[]; truncated: boolean; cursor?: string };

/** The part of a Queues producer that we use. */
export interface MessageQueue {
  sendBatch(messages: Iterable<{ body: unknown; contentType?: "json" }>): Promise<unknown>;
}

/**
 * What the platform hands to the Worker. Each external service is optional and has a local stand-in:
 * DB or INDEX, FILES or FILES_DISK, QUEUE or direct calls, ASSETS or ASSETS_DISK.
 */
export type Env = {
  CELL: ActorNamespace<CellRpc>;
  FLOW: ActorNamespace<FlowRpc>;
  NAMESPACE: ActorNamespace<NamespaceRpc>;
  DISPATCH: ActorNamespace<DispatchActorRpc>;
  INDEX: ActorNamespace<IndexRpc>;
  WORK: WorkRpc & FileWorkRpc;

  FILES_DISK?: HttpService;
  ASSETS_DISK?: HttpService;

  DB?: SqlDatabase;
  FILES?: ObjectBucket;
  QUEUE?: MessageQueue;
  ASSETS?: HttpService;

  RUNTIME: "local" | "cloudflare";
  /** Placement of new executions: a number of long-lived cells, or `each`. */
  CELLS?: string;
  /** How deep executions may start one another, by subflows and triggers; 25 when left out. */
  MAX_DEPTH?: string;
  /** New at each start of the local server. */
  BOOT_ID?: string;
  /** Expected in `x-windhover-internal` by internal routes; without it they are closed. */
  INTERNAL_SECRET?: string;
  /** Comma separated `host:port` names of the local server. */
  ALLOWED_HOSTS?: string;
  /** `user:password`. */
  AUTH_BASIC?: string;
  /** Comma separated bearer tokens. */
  AUTH_TOKENS?: string;
  AGENT_TOKEN?: string;
  /** Comma separated networks that tasks may reach beside the public ones. */
  ALLOW_PRIVATE?: string;
  /** JSON object `SECRET_NAME` -> base64 of the value. */
  SECRETS?: string;
  /** What seals secrets: `id:base64` of 32 bytes each, separated by commas, the newest first. */
  ENCRYPTION_KEYS?: string;
  /** YAML or JSON list of plugin defaults for all flows. */
  PLUGIN_DEFAULTS?: string;
};
