import type { ExecutionTrigger, Label, ParentLink } from "./event.ts";
import type { ExecutionJson } from "./execution.ts";
import type { EpochMs, JsonObject } from "./json.ts";

/** What a cell needs to start an execution. Sent twice with the same `id`, it starts once and answers the same. */
export type StartRequest = {
  id: string;
  tenant: string;
  namespace: string;
  flowId: string;
  revision: number;
  /** The flow's source at that revision. */
  source: string;
  /** Typed and validated. */
  inputs: JsonObject;
  labels: readonly Label[];
  trigger?: ExecutionTrigger;
  variables?: JsonObject;
  parent?: ParentLink;
  scheduleAt?: EpochMs;
  originalId?: string;
  parentId?: string;
  /** Answer only when the execution has ended, or is paused for longer than a caller waits. */
  wait?: boolean;
};

/** A way to steer an execution from outside. */
export type Command =
  | { kind: "kill"; cascade: boolean }
  | { kind: "pause" }
  | { kind: "resume"; taskRunId?: string; inputs?: JsonObject }
  | { kind: "restart" };

/** What came of a command: the execution after it, or why it was refused. */
export type CommandAnswer =
  | { ok: true; execution: ExecutionJson }
  | { ok: false; status: 404 | 409 | 422; message: string };
