// What the sandbox takes and gives. The rules V1… are in DESIGN.md.
import type { EpochMs, JsonObject } from "#schema/json.ts";
import type { Metric } from "#schema/script-output.ts";

export interface ScriptRequest {
  source: string;
  language: "javascript" | "typescript";
  /** Shown in stacks; a relative path in the working directory, such as `script.ts`. */
  fileName: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Input files: relative path in the working directory → content. Never written to. */
  files: Readonly<Record<string, Uint8Array>>;
  limits?: Partial<Limits>;
}

export interface Limits {
  /** CPU in units: 10,000 loop rounds and calls of the script, or 20,000 loop iterations of the engine, whichever is more. */
  interrupts: number;
  /** Counts as at least 16 MiB, which the machine needs to start. */
  memoryBytes: number;
  /** At most 256 KiB: above, the platform's own stack would end first. */
  stackBytes: number;
  /** Everything printed and every output value. */
  outputBytes: number;
  /** Everything in the file system, input files included. Also the size of one answer of `fetch`. */
  fileBytes: number;
  /** Promise jobs in one turn: between two events from outside (a timer, an answer). */
  pendingJobs: number;
  /** From start to end, waiting included. */
  wallMs: number;
  fetches: number;
}

export interface FetchRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  body?: Uint8Array;
}

export interface FetchResponse {
  status: number;
  statusText: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
}

export type LogLevel = "INFO" | "ERROR" | "DEBUG" | "WARN";

/** The world as a script sees it. May throw or reject: the script gets an error, the sandbox goes on. */
export interface Host {
  /** Must refuse what the script may not reach; the sandbox does not look at the address. */
  fetch(request: FetchRequest): Promise<FetchResponse>;
  now(): EpochMs;
  random(bytes: number): Uint8Array;
  log(line: { level: LogLevel; text: string }): void;
  /** May end early when `signal` aborts; a host that ignores it only keeps a timer longer than needed. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Codes are for ever: never renamed, never reused. */
export type ScriptErrorCode =
  | "UNCAUGHT_EXCEPTION"
  | "UNHANDLED_REJECTION"
  | "NEVER_SETTLED"
  | "SYNTAX"
  | "MODULE_NOT_FOUND"
  | "NOT_SUPPORTED"
  | "CPU_LIMIT"
  | "MEMORY_LIMIT"
  | "STACK_LIMIT"
  | "OUTPUT_LIMIT"
  | "FILE_LIMIT"
  | "JOB_LIMIT"
  | "FETCH_LIMIT"
  | "TIME_LIMIT"
  | "CANCELLED"
  | "INVALID_REQUEST"
  | "ENGINE_FAILED";

export interface ScriptError {
  code: ScriptErrorCode;
  message: string;
  /** Frames of the script's own files, as the engine prints them. */
  stack?: string;
}

export interface ScriptResult {
  /** 0 when the script ended well; what it passed to `Deno.exit`; 1 after an error, 13 when it waits for nothing, 137 when ended by a limit, 143 when cancelled. */
  exitCode: number;
  outputs: JsonObject;
  metrics: Metric[];
  /** Files written or changed in the working directory, also when the script failed. */
  files: Record<string, Uint8Array>;
  /** Input files that the script removed. */
  removed: string[];
  /** Lines printed to stderr, without marker lines. */
  stderrLines: number;
  error?: ScriptError;
}

export interface Sandbox {
  /** Never rejects for what a script does. */
  run(request: ScriptRequest, host: Host, signal?: AbortSignal): Promise<ScriptResult>;
}
