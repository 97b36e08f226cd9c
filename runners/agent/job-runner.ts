import type { TaskAnswer } from "#schema/event.ts";
import type { Json } from "#schema/json.ts";
import type { LogLine } from "#schema/log.ts";
import type { Masker } from "#schema/mask.ts";
import type { Job } from "#schema/runner.ts";
import type { Level } from "#schema/state.ts";
import type { Attempt } from "./backend.ts";

/** What the runner of a job may use while it runs. */
export interface JobContext {
  readonly job: Job;
  readonly attempt: Attempt;
  /** Aborted with a StopReason. */
  readonly signal: AbortSignal;
  /** Hides the secrets of the job. Lines that are handed in are masked by `log` and `lines`; what is cut before that is not. */
  readonly masker: Masker;
  log(level: Level, message: string): void;
  lines(lines: readonly LogLine[]): void;
  /** Streams a stored file to a local path. */
  download(uri: string, path: string): Promise<void>;
  /** Stores a local file; answers its URI. */
  upload(name: string, path: string): Promise<string>;
}

/** Runs jobs of the types it knows. Rejects with a TaskFailure for what is the user's to mend. */
export interface JobRunner {
  /** Real task types, or the beginning of their names up to a dot. */
  runs(type: string): boolean;
  run(context: JobContext): Promise<TaskAnswer>;
}

/** Replaces `from` by `to` in every text of `value`, keys included. */
export function replaceInTexts(value: Json, from: string, to: string): Json {
  if (typeof value === "string") return value.replaceAll(from, to);
  if (Array.isArray(value)) return value.map((inner) => replaceInTexts(inner, from, to));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key.replaceAll(from, to),
    replaceInTexts(inner, from, to),
  ]);
  return Object.fromEntries(entries);
}
