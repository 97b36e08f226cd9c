// What runs a step of a job: the machine's own programs, a container engine, a cluster. The agent's part (files, logs, lease, answer)
// is the same for all.
//
// B1. `prepare`, `run`, `cleanup` come in this order; `cleanup` always comes, also after a failure, and may come twice.
// B2. When `signal` is aborted the step is asked to end, and forced to after STOP_GRACE_MS; `run` resolves when nothing of it runs.
// B3. `onOutput` has been given the last byte before `run` resolves.
// B4. What a crashed agent left behind is found by its label and removed by `recover`.

/** From "please end" to "end", in ms. */
export const STOP_GRACE_MS = 5_000;
/** The same when the lease is lost: another agent may start the task soon. */
export const LOST_GRACE_MS = 2_000;

/** One attempt, by a label that no other attempt has. */
export type Attempt = { label: string };

export type Workspace = {
  /** The task's working directory, on this machine. Fresh and empty, unless it is a shared one. */
  dir: string;
  /** Where the task puts files that all become outputs; not in `dir`. */
  outputDir: string;
  /** Programs put here are found first. Not in `dir`. */
  binDir: string;
  /** For everything else that must not be taken for a result. */
  tempDir: string;
  /** `dir` and `outputDir` as the task sees them. */
  seen: { dir: string; outputDir: string };
};

export type Step = {
  argv: readonly [string, ...string[]];
  /** Beside what the backend always sets. */
  env: Readonly<Record<string, string>>;
  onOutput: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
};

export type Exit = { code: number } | { killedBy: string };

export interface Backend {
  /** As a flow's `taskRunner` names it. */
  readonly name: "process" | "docker" | "kubernetes";
  /** `sharedDir`: a directory of this machine that is the working directory, filled, and that stays after `cleanup`. */
  prepare(attempt: Attempt, sharedDir?: string): Promise<Workspace>;
  run(attempt: Attempt, step: Step, signal: AbortSignal): Promise<Exit>;
  cleanup(attempt: Attempt): Promise<void>;
  /** Ends and removes what an earlier start of this agent left; how many attempts that were. */
  recover(): Promise<number>;
}

/** The grace an aborted step gets, by the reason it was aborted with. */
export function graceMs(signal: AbortSignal): number {
  return isStopReason(signal.reason) && signal.reason.kind === "lost" ? LOST_GRACE_MS : STOP_GRACE_MS;
}

/** Why a job is stopped. `lost`: the lease is, or may be, another's: no result is sent. */
export type StopReason = { kind: "killed" } | { kind: "timeout" } | { kind: "lost"; why: string };

export function isStopReason(value: unknown): value is StopReason {
  return typeof value === "object" && value !== null && "kind" in value;
}
