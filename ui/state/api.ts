import type { Label } from "#schema/event.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { LogEntry } from "#schema/log.ts";
import type { State } from "#schema/state.ts";
import { connection } from "./connection.svelte.ts";

// The page's only way to the server.
//
// A1. Every failure is an ApiFailure with a sentence for the reader; nothing else is thrown.
// A2. A server that cannot be reached is told to `connection`, which says so on every page and looks for its return.

const ROOT = "/api/v1";

export type FailureKind = "away" | "missing" | "refused" | "invalid" | "broken" | "aborted";

export class ApiFailure extends Error {
  readonly kind: FailureKind;
  readonly status: number;
  readonly details: readonly string[];
  constructor(kind: FailureKind, status: number, message: string, details: readonly string[] = []) {
    super(message);
    this.name = "ApiFailure";
    this.kind = kind;
    this.status = status;
    this.details = details;
  }
}

/** What any thrown value says to the reader. */
export function asFailure(cause: unknown): ApiFailure {
  if (cause instanceof ApiFailure) return cause;
  return new ApiFailure("broken", 0, cause instanceof Error ? cause.message : String(cause));
}

export type FlowJson = {
  id: string;
  namespace: string;
  revision: number;
  description?: string;
  labels?: readonly Label[] | Record<string, string>;
  inputs?: Json;
  tasks?: Json;
  triggers?: Json;
  checks?: Json;
  disabled?: boolean;
  deleted?: boolean;
  source?: string;
  exception?: string;
};
export type Page<T> = { results: readonly T[]; total: number };
export type Query = readonly (readonly [name: string, value: string])[];
/** A check of the flow that the values given do not pass. */
export type FailedCheck = {
  message: string;
  style: "ERROR" | "SUCCESS" | "WARNING" | "INFO";
  behavior: "BLOCK_EXECUTION" | "FAIL_EXECUTION" | "CREATE_EXECUTION";
};

/** Who holds the concurrency slots of a flow, and who waits for one. */
export type Concurrency = {
  limit?: number;
  behavior?: "QUEUE" | "CANCEL" | "FAIL";
  holders: readonly { executionId: string; state?: State; since: string; forced: boolean }[];
  queue: readonly { executionId: string; since: string; position: number }[];
  queued: number;
};

export type InputCheck = {
  input: { id: string };
  value?: Json;
  isDefault?: boolean;
  enabled: boolean;
  options?: readonly string[];
  prefill?: Json;
  errors?: readonly { code?: string; message: string }[];
};
export type Evaluation = {
  result?: string;
  error?: string;
  /** Where in the expression the error is. */
  problem?: { code: string; line: number; column: number };
};

type Body = {
  method?: string;
  body?: BodyInit;
  type?: string;
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
};

export async function send(
  path: string,
  { method = "GET", body, type, query = [], headers: more = {}, signal }: Body = {},
): Promise<Response> {
  const search = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
  const headers: Record<string, string> = { accept: "application/json", ...more };
  if (type !== undefined) headers["content-type"] = type;
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = body;
  if (signal) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(`${ROOT}${path}${search ? `?${search}` : ""}`, init);
  } catch (cause) {
    if (signal?.aborted) throw new ApiFailure("aborted", 0, "The request was given up.");
    connection.lost();
    throw new ApiFailure(
      "away",
      0,
      `The server cannot be reached (${cause instanceof Error ? cause.message : cause}).`,
    );
  }
  connection.reached();
  if (!response.ok) throw await readFailure(response);
  return response;
}

async function readFailure(response: Response): Promise<ApiFailure> {
  const text = await response.text().catch(() => "");
  const { message, details } = readProblem(text);
  const { status } = response;
  const kind: FailureKind =
    status === 404 ? "missing" : status === 401 || status === 403 ? "refused" : status < 500 ? "invalid" : "broken";
  const gateway = status === 502 || status === 503 || status === 504;
  return new ApiFailure(
    gateway ? "away" : kind,
    status,
    message || `The server answered ${status} ${response.statusText}`.trim(),
    details,
  );
}

/** The sentence and the single errors of a problem body; a body that is no JSON is its own sentence. */
function readProblem(text: string): { message: string; details: readonly string[] } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { message: text.startsWith("<") ? "" : text.slice(0, 500), details: [] };
  }
  if (body === null || typeof body !== "object") return { message: "", details: [] };
  const message = "message" in body && typeof body.message === "string" ? body.message : "";
  const embedded = "_embedded" in body ? body._embedded : undefined;
  const errors =
    embedded !== null && typeof embedded === "object" && embedded !== undefined && "errors" in embedded
      ? embedded.errors
      : undefined;
  const invalids = "invalids" in body && Array.isArray(body.invalids) ? invalidWords(body.invalids) : [];
  const details = (Array.isArray(errors) ? errors : []).flatMap((error: { message?: unknown; path?: unknown }) =>
    typeof error?.message === "string"
      ? [typeof error.path === "string" && error.path !== "" ? `${error.path}: ${error.message}` : error.message]
      : [],
  );
  return { message, details: [...details, ...invalids] };
}

const INVALIDS_SHOWN = 5;

/** The first of the things that a bulk request is refused for. */
function invalidWords(invalids: readonly { message?: unknown; invalidValue?: unknown }[]): readonly string[] {
  const words = invalids.slice(0, INVALIDS_SHOWN).map(({ message, invalidValue }) => `${invalidValue}: ${message}`);
  const more = invalids.length - words.length;
  return more > 0 ? [...words, `and ${more} more`] : words;
}

export async function json<T>(path: string, options?: Body): Promise<T> {
  return (await (await send(path, options)).json()) as T;
}

function flowPath(namespace: string, id: string): string {
  return `/flows/${encodeURIComponent(namespace)}/${encodeURIComponent(id)}`;
}
export function executionPath(id: string): string {
  return `/executions/${encodeURIComponent(id)}`;
}
const YAML = "application/x-yaml";

export const api = {
  searchFlows: (query: Query, signal?: AbortSignal) =>
    json<Page<FlowJson>>("/flows/search", withSignal({ query }, signal)),
  namespaces: (signal?: AbortSignal) => json<readonly string[]>("/flows/distinct-namespaces", withSignal({}, signal)),
  flow: (namespace: string, id: string, revision?: number, signal?: AbortSignal) =>
    json<FlowJson>(
      flowPath(namespace, id),
      withSignal(
        { query: [["source", "true"], ...(revision === undefined ? [] : [["revision", String(revision)] as const])] },
        signal,
      ),
    ),
  createFlow: (source: string) => json<FlowJson>("/flows", { method: "POST", body: source, type: YAML }),
  updateFlow: (namespace: string, id: string, source: string) =>
    json<FlowJson>(flowPath(namespace, id), { method: "PUT", body: source, type: YAML }),
  deleteFlow: async (namespace: string, id: string) => {
    await send(flowPath(namespace, id), { method: "DELETE" });
  },
  concurrency: (namespace: string, id: string, signal?: AbortSignal) =>
    json<Concurrency>(`${flowPath(namespace, id)}/concurrency`, withSignal({}, signal)),
  revisions: (namespace: string, id: string, signal?: AbortSignal) =>
    json<readonly FlowJson[]>(`${flowPath(namespace, id)}/revisions`, withSignal({}, signal)),

  searchExecutions: (query: Query, signal?: AbortSignal) =>
    json<Page<ExecutionJson>>("/executions/search", withSignal({ query }, signal)),
  execution: (id: string, signal?: AbortSignal) => json<ExecutionJson>(executionPath(id), withSignal({}, signal)),
  start: (namespace: string, id: string, body: FormData, query: Query) =>
    json<ExecutionJson>(`/executions/${encodeURIComponent(namespace)}/${encodeURIComponent(id)}`, {
      method: "POST",
      body,
      query,
    }),
  checkInputs: (namespace: string, id: string, body: FormData, signal?: AbortSignal, revision?: number) =>
    json<{ inputs?: readonly InputCheck[]; checks?: readonly FailedCheck[] }>(
      `/executions/${encodeURIComponent(namespace)}/${encodeURIComponent(id)}/validate`,
      withSignal(
        { method: "POST", body, query: revision === undefined ? [] : [["revision", String(revision)]] },
        signal,
      ),
    ),
  checkResume: (id: string, body: FormData, signal?: AbortSignal) =>
    json<{ inputs?: readonly InputCheck[] }>(
      `${executionPath(id)}/resume/validate`,
      withSignal({ method: "POST", body }, signal),
    ),
  evaluate: (id: string, taskRunId: string | undefined, expression: string) =>
    json<Evaluation>(`${executionPath(id)}/eval${taskRunId === undefined ? "" : `/${encodeURIComponent(taskRunId)}`}`, {
      method: "POST",
      body: expression,
      type: "text/plain",
    }),
  /** A value that the log keeps in a file. */
  storedValue: (id: string, uri: string) => json<Json>(`${executionPath(id)}/file`, { query: [["path", uri]] }),
  logs: (id: string, signal?: AbortSignal) =>
    json<readonly LogEntry[]>(`/logs/${encodeURIComponent(id)}`, withSignal({}, signal)),
};

function withSignal(options: Body, signal: AbortSignal | undefined): Body {
  return signal ? { ...options, signal } : options;
}

/** Addresses that the browser itself follows. */
export const links = {
  logs: (id: string) => `${ROOT}/logs/${encodeURIComponent(id)}/download`,
  file: (id: string, uri: string) => `${ROOT}${executionPath(id)}/file?path=${encodeURIComponent(uri)}`,
  stream: (id: string) => `${ROOT}${executionPath(id)}/stream`,
};

/** Labels as a list, whichever way they came. */
export function labelList(labels: FlowJson["labels"]): readonly Label[] {
  if (labels === undefined) return [];
  if (Array.isArray(labels)) return labels;
  return Object.entries(labels as Record<string, string>).map(([key, value]) => ({ key, value: String(value) }));
}

/** Labels a reader set, without the system's own. */
export function shownLabels(labels: FlowJson["labels"]): readonly Label[] {
  return labelList(labels).filter(({ key }) => !key.startsWith("system.") && !key.startsWith("internal."));
}

/** An object out of an answer's JSON, or an empty one. */
export function asObject(value: Json | undefined): JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
}
