import type { CopiedRun, EventOf, ExecutionEvent, ExecutionTrigger, Label, ParentLink } from "./event.ts";
import type { ExecutionJson } from "./execution.ts";
import type { EpochMs, JsonObject } from "./json.ts";
import type { State } from "./state.ts";

/** What a cell needs to start an execution. Sent twice with the same `id`, it starts once and answers the same. */
export type StartRequest = {
  id: string;
  tenant: string;
  namespace: string;
  flowId: string;
  revision: number;
  /** The flow's source at that revision. */
  source: string;
  /** Names the source among those of the same revision, when more than the flow is in it (pinned templates). */
  sourceId?: string;
  /** Typed and validated. */
  inputs: JsonObject;
  labels: readonly Label[];
  trigger?: ExecutionTrigger;
  variables?: JsonObject;
  parent?: ParentLink;
  scheduleAt?: EpochMs;
  originalId?: string;
  parentId?: string;
  depth?: number;
  maxDepth?: number;
  attempt?: number;
  originalCreatedAt?: EpochMs;
  breakpoints?: readonly string[];
  executionKind?: "NORMAL" | "TEST" | "PLAYGROUND";
  /** The flow's newest revision limits its executions, whatever this revision says. */
  limited?: boolean;
  /** A check said FAIL_EXECUTION, with this message. */
  failure?: string;
  fork?: Fork;
  /** Secrets among the inputs, to be hidden in what it says. */
  secrets?: readonly string[];
  /** Answer only when the execution has ended, or is paused for longer than a caller waits. */
  wait?: boolean;
};

/** How a child of an execution ended, with what it gave. `secrets`: those among its outputs. */
export type ChildEnd = {
  executionId: string;
  state: State;
  outputs: JsonObject | undefined;
  secrets?: readonly string[];
};

/** What a new execution takes over from another one, and where it goes on. */
export type Fork = {
  executionId: string;
  /** The other one's sequence number that it was taken at. */
  seq?: number;
  runs: readonly CopiedRun[];
  /** Index in `runs` of the task run to start again, or every failed one. */
  from: "failed" | number;
  /** Other outputs for copied runs, by index. */
  outputs?: Readonly<Record<string, JsonObject>>;
  /** Ids of tasks that are skipped. */
  skip?: readonly string[];
};

/** A way to steer an execution from outside. The same `commandId` twice is one command. */
export type Command = (
  | { kind: "kill"; cascade: boolean }
  | { kind: "pause" }
  | { kind: "resume"; taskRunId?: string; inputs?: JsonObject; by?: string }
  /** `parent`: the Subflow task that restarts it, and waits for its end. */
  | { kind: "restart"; parent?: ParentLink }
  | { kind: "unqueue"; state: "RUNNING" | "CANCELLED" | "FAILED" }
  | { kind: "force-run" }
  | { kind: "change-state"; taskRunId: string; state: State }
  | { kind: "change-status"; state: State }
  /** Given keys win, others stay; a label with empty key and value is dropped. */
  | { kind: "set-labels"; labels: readonly Label[] }
  | { kind: "resume-from-breakpoint"; breakpoints?: readonly string[] }
) & { commandId?: string };

export type CommandKind = Command["kind"];

/** What came of a command: the execution after it, or why it was refused. */
export type CommandAnswer<Execution = ExecutionJson> =
  | { ok: true; execution: Execution }
  | { ok: false; status: 400 | 404 | 409 | 422; message: string };

/** What happened to one execution after a sequence number, and the source it ran: enough to replay it. */
export type EventPage = {
  source: string;
  revision: number;
  events: ExecutionEvent[];
  /** Events there are in all. */
  head?: number;
};

/** Where an execution stands, and why a command would be refused now. */
export type Standing = { state: State; refusal?: string };

/** An execution as a fork takes it over: how it began, what ran until `seq`, and what it ran. */
export type ForkSource = {
  facts: EventOf<"execution-created">;
  seq: number;
  state: State;
  attempt: number;
  labels: Label[];
  source: string;
  revision: number;
  runs: CopiedRun[];
  /** The id that each of `runs` has there, in the same order. */
  taskRunIds: string[];
  /** What it must not say, and who takes its values over neither. */
  secrets?: readonly string[];
};

/** What an expression gave, at a task run of an execution. */
export type Evaluated = { result: string } | { error: string; stackTrace: string };
