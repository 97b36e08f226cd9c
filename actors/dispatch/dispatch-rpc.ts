import type { EpochMs } from "#schema/json.ts";
import type {
  ClaimAnswer,
  ClaimRequest,
  HeartbeatAnswer,
  HeartbeatRequest,
  LogBatch,
  ResultRequest,
} from "#schema/runner.ts";
import type { Cancelled, Enqueued, NewJob } from "./dispatch-core.ts";

/** `fenced`: the lease is not (any more) the caller's, or the job is over. */
export type LogsAnswer = { acknowledged: number } | "fenced";
export type ResultAnswer = "accepted" | "fenced";

/** Whose files a lease may touch. `mentions`: the job's properties name the URI that was asked about. */
export type LeaseFacts = {
  tenant: string;
  namespace: string;
  flowId: string;
  executionId: string;
  taskId: string;
  taskRunId: string;
  mentions: boolean;
};

export type AgentStatus = {
  agentId: string;
  hostname: string;
  version: string;
  capabilities: string[];
  slots: number;
  running: number;
  seenAt: EpochMs;
};

export type DispatchStatus = {
  agents: AgentStatus[];
  queued: number;
  running: number;
  /** Since when the oldest queued job waits. */
  oldestWaitingSince: EpochMs | null;
  /** No agent has been there for ABSENT_AFTER_MS: what is queued waits for one to come. */
  noAgent: boolean;
};

/** What cells and agent routes ask of the Dispatch actor of one runner group. */
export interface DispatchQueueRpc {
  /** Idempotent by job id. `ok: false` is final: the task cannot be run as it is. */
  enqueue(job: NewJob): Promise<Enqueued>;
  /** Idempotent. After `told` an answer comes: KILLED, or what the task had ended with before. */
  cancel(jobId: string): Promise<Cancelled>;
  status(): Promise<DispatchStatus>;
  /** Does what is overdue; for the minute tick, should an alarm have been lost. */
  sweep(): Promise<void>;
}

export interface DispatchAgentRpc {
  claim(request: ClaimRequest): Promise<ClaimAnswer>;
  heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer>;
  logs(batch: LogBatch): Promise<LogsAnswer>;
  result(request: ResultRequest): Promise<ResultAnswer>;
  mayUse(jobId: string, epoch: number, uri?: string): Promise<LeaseFacts | null>;
}

export type DispatchActorRpc = DispatchQueueRpc & DispatchAgentRpc;

/** The name of the Dispatch actor of a runner group. */
export function dispatchName(tenant: string, group: string): string {
  return `${tenant}/${group}`;
}
