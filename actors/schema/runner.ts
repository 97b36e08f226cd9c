import * as z from "zod";
import { TaskAnswer } from "./event.ts";
import type { JsonObject } from "./json.ts";
import { LogLine } from "./log.ts";

// The protocol between the server and a runner agent. The agent only ever calls out; every body is JSON but files, which are streams.
//
// R1. A job is one attempt of one task run. It is leased for LEASE_MS; a heartbeat renews it. `epoch` fences: an older epoch gets 409.
// R2. Every call may be repeated: claim by nonce, logs by sequence number, result by (job, epoch).
// R3. An agent that could not renew for LEASE_MS - 5 s kills the task itself.
// R4. Every claim and heartbeat lists all the agent holds. What was given to this very start of the agent and is not in a later claim's
//     list did not arrive: it is given again, under a new epoch.
// R5. A second start of an agent (a new `bootId`) ends the first: what the first held is given back at once, but for what the second holds.

/** How long a claimed job stays with its agent without a heartbeat, in ms. */
export const LEASE_MS = 30_000;
export const HEARTBEAT_MS = 10_000;
/** How long the server holds a claim open while there is no work, in ms. */
export const CLAIM_WAIT_MS = 25_000;

const jsonObject = z.record(z.string(), z.json()) as unknown as z.ZodType<JsonObject>;

/** One attempt to run, with everything rendered. */
export const Job = z.object({
  /** `executionId/effect`: the same for each redelivery. */
  id: z.string(),
  epoch: z.int(),
  tenant: z.string(),
  namespace: z.string(),
  flowId: z.string(),
  executionId: z.string(),
  taskId: z.string(),
  taskRunId: z.string(),
  attempt: z.int(),
  /** Real task type, e.g. `io.kestra.plugin.scripts.python.Script`. */
  type: z.string(),
  /** Rendered properties; `{{ workingDir }}` and `{{ outputDir }}` are left as the markers below. */
  properties: jsonObject,
  /** Relative path -> `kestra://` URI: put into the working directory before `inputFiles` (namespace files). */
  files: z.record(z.string(), z.string()).optional(),
  timeoutMs: z.number().optional(),
  /** It shares its working directory with other tasks. `manifest`: URI of the list of files to begin with (`place.ts`). */
  place: z.object({ id: z.string(), manifest: z.string().optional() }).optional(),
  /** Secrets among the properties: no line and no error may hold one. */
  secrets: z.array(z.string()).optional(),
});
export type Job = z.infer<typeof Job>;

/** Longest job, in UTF-8 bytes of its JSON. What is longer belongs into a file. */
export const MAX_JOB_BYTES = 1_000_000;

/** Stand for the working directory in rendered properties until the agent knows it. */
export const WORKING_DIR_MARKER = "\u0001workingDir\u0001";
export const OUTPUT_DIR_MARKER = "\u0001outputDir\u0001";

/** A job an agent has, under the epoch it was given. It stays listed until its result is acknowledged. */
export const Holding = z.object({ id: z.string(), epoch: z.int() });
export type Holding = z.infer<typeof Holding>;

export const Presence = z.object({
  /** Kept over restarts of the agent. */
  agentId: z.string().min(1).max(200),
  /** New at each start of the agent: jobs leased to an earlier boot are given back at once, unless listed in `holding`. */
  bootId: z.string().min(1).max(200),
  group: z.string().min(1).max(100),
  hostname: z.string().max(300),
  version: z.string().max(100),
  capabilities: z.array(z.string()).max(50),
  slots: z.int().min(1).max(1000),
});
export type Presence = z.infer<typeof Presence>;

/** POST /api/v1/agents/claim -> ClaimAnswer, after CLAIM_WAIT_MS at most. */
export const ClaimRequest = z.object({
  presence: Presence,
  /** At most this many jobs. */
  free: z.int().min(0).max(1000),
  holding: z.array(Holding).max(1000),
  /** For the logs of both sides. A claim is repeatable without it: see R4. */
  nonce: z.string().max(200),
});
export type ClaimRequest = z.infer<typeof ClaimRequest>;
/** Jobs to stop: killed, or given to another (`lost`: send no result). */
export const Cancellation = z.object({ id: z.string(), reason: z.enum(["killed", "lost"]) });
export type Cancellation = z.infer<typeof Cancellation>;

export const ClaimAnswer = z.object({
  jobs: z.array(Job),
  cancel: z.array(Cancellation).optional(),
  /** Another start of the same agent has taken over: this one must stop. */
  superseded: z.boolean().optional(),
});
export type ClaimAnswer = z.infer<typeof ClaimAnswer>;

/** POST /api/v1/agents/heartbeat -> HeartbeatAnswer. */
export const HeartbeatRequest = z.object({
  presence: Presence,
  holding: z.array(Holding).max(1000),
  /** The agent is about to stop: what it does not hold any more is given back at once and counts as no loss. */
  leaving: z.boolean().optional(),
});
export type HeartbeatRequest = z.infer<typeof HeartbeatRequest>;
export const HeartbeatAnswer = z.object({ cancel: z.array(Cancellation), superseded: z.boolean().optional() });
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

/** POST /api/v1/agents/logs -> { acknowledged }: everything below that sequence number is durable. `from` counts lines of the job from 0. */
export const LogBatch = z.object({
  group: z.string().min(1).max(100),
  id: z.string(),
  epoch: z.int(),
  from: z.int().min(0),
  lines: z.array(LogLine).max(1000),
});
export type LogBatch = z.infer<typeof LogBatch>;
export const LogBatchAnswer = z.object({ acknowledged: z.int() });

/** POST /api/v1/agents/result -> 204; 409 when the epoch is old. */
export const ResultRequest = z.object({
  group: z.string().min(1).max(100),
  id: z.string(),
  epoch: z.int(),
  answer: TaskAnswer,
});
export type ResultRequest = z.infer<typeof ResultRequest>;

// Files: GET /api/v1/agents/files?group=G&job=ID&epoch=N&uri=kestra://… streams a file the job may read;
// PUT /api/v1/agents/files?group=G&job=ID&epoch=N&name=RELATIVE_PATH with the bytes as body -> { uri }.
// All under `Authorization: Bearer <agent token>`; a wrong token gets 401 with a problem body.
