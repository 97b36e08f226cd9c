import { createWriteStream, openAsBlob } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import * as z from "zod";
import {
  CLAIM_WAIT_MS,
  ClaimAnswer,
  type ClaimRequest,
  HeartbeatAnswer,
  type HeartbeatRequest,
  type Holding,
  type LogBatch,
  LogBatchAnswer,
  type ResultRequest,
} from "#schema/runner.ts";

/**
 * Why a call failed. `unavailable`: try again later. `unauthorized`: the token is wrong. `fenced`: the lease is another's.
 * `refused`: the same call will never be taken.
 */
export type CallFailure = "unavailable" | "unauthorized" | "fenced" | "refused";

export class CallError extends Error {
  readonly kind: CallFailure;
  constructor(kind: CallFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "CallError";
    this.kind = kind;
  }
}

const CALL_MS = 30_000;
const HEARTBEAT_CALL_MS = 8_000;
const FileAnswer = z.object({ uri: z.string() });

/** The server as an agent sees it: see actors/schema/runner.ts. Every method rejects with a CallError. */
export class ProtocolClient {
  readonly #base: URL;
  readonly #token: string;
  readonly #group: string;

  constructor(server: string, token: string, group: string) {
    this.#base = new URL("api/v1/agents/", server.endsWith("/") ? server : `${server}/`);
    this.#token = token;
    this.#group = group;
  }

  async claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer> {
    return ClaimAnswer.parse(await this.#post("claim", request, CLAIM_WAIT_MS + 10_000, signal));
  }

  async heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer> {
    return HeartbeatAnswer.parse(await this.#post("heartbeat", request, HEARTBEAT_CALL_MS));
  }

  /** The number of lines that are durable. */
  async logs(lease: Holding, from: number, lines: LogBatch["lines"]): Promise<number> {
    const batch: LogBatch = { group: this.#group, ...lease, from, lines };
    return LogBatchAnswer.parse(await this.#post("logs", batch, CALL_MS)).acknowledged;
  }

  async result(lease: Holding, answer: ResultRequest["answer"]): Promise<void> {
    const request: ResultRequest = { group: this.#group, ...lease, answer };
    await this.#post("result", request, CALL_MS);
  }

  /** Streams the stored file `uri` to `path`. */
  async download(lease: Holding, uri: string, path: string, signal: AbortSignal): Promise<void> {
    const response = await this.#call(this.#fileUrl(lease, "uri", uri), { method: "GET", signal });
    const body = response.body;
    if (!body) throw new CallError("unavailable", `the server sent no file for ${uri}`);
    // The two declarations of this stream, the web's and Node's, are the same at run time.
    await pipeline(Readable.fromWeb(body as unknown as NodeReadableStream), createWriteStream(path), { signal });
  }

  /** Stores the file at `path` under `name` (relative); answers its `kestra://` URI. */
  async upload(lease: Holding, name: string, path: string, signal: AbortSignal): Promise<string> {
    const body = await openAsBlob(path);
    const response = await this.#call(this.#fileUrl(lease, "name", name), { method: "PUT", body, signal });
    return FileAnswer.parse(await response.json()).uri;
  }

  #fileUrl({ id, epoch }: Holding, key: "uri" | "name", value: string): URL {
    const url = new URL("files", this.#base);
    url.search = new URLSearchParams({ group: this.#group, job: id, epoch: String(epoch), [key]: value }).toString();
    return url;
  }

  async #post(path: string, body: unknown, ms: number, signal?: AbortSignal): Promise<unknown> {
    const limits = [AbortSignal.timeout(ms), ...(signal ? [signal] : [])];
    const response = await this.#call(new URL(path, this.#base), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.any(limits),
    });
    if (response.status === 204) return undefined;
    return response.json().catch((error: unknown) => {
      throw new CallError("unavailable", `the server's answer was cut: ${String(error)}`, error);
    });
  }

  async #call(url: URL, init: RequestInit): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.#token}` };
    let response: Response;
    try {
      response = await fetch(url, { ...init, headers, redirect: "error" });
    } catch (error) {
      throw new CallError(
        "unavailable",
        `the server ${this.#base.origin} cannot be reached: ${reasonOf(error)}`,
        error,
      );
    }
    if (response.ok) return response;
    const missingFile = response.status === 404 && url.pathname.endsWith("/files");
    throw new CallError(missingFile ? "refused" : kindOf(response.status), await describe(response));
  }
}

function kindOf(status: number): CallFailure {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 409) return "fenced";
  return status >= 500 || status === 404 || status === 408 || status === 429 ? "unavailable" : "refused";
}

async function describe(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  return `the server answered ${response.status}: ${text.slice(0, 500) || response.statusText}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
