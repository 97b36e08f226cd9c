import type { ExecutionTrigger, Label } from "./event.ts";
import type { JsonObject } from "./json.ts";
import type { State } from "./state.ts";

// The JSON of an execution as the API shows it (reference: Kestra's REST API). Dates ISO-8601 UTC, durations ISO text.

export type StateJson = {
  current: State;
  histories: { state: State; date: string }[];
  duration: string;
  startDate: string;
  endDate?: string;
};

export type TaskRunJson = {
  id: string;
  executionId: string;
  namespace: string;
  flowId: string;
  taskId: string;
  parentTaskRunId?: string;
  value?: string;
  iteration?: number;
  attempts: { state: StateJson }[];
  outputs: JsonObject | null;
  state: StateJson;
};

export type ExecutionJson = {
  id: string;
  tenantId: string;
  namespace: string;
  flowId: string;
  flowRevision: number;
  taskRunList?: TaskRunJson[];
  inputs?: JsonObject;
  outputs?: JsonObject;
  variables?: JsonObject;
  labels: Label[];
  state: StateJson;
  parentId?: string;
  originalId: string;
  trigger?: ExecutionTrigger;
  deleted: false;
  metadata: { attemptNumber: number; originalCreatedDate: string };
  scheduleDate?: string;
  kind?: "NORMAL" | "TEST" | "PLAYGROUND";
  breakpoints?: string[];
  url?: string;
};

/**
 * An execution on its way from its cell to whoever asked. `json` is the JSON of the API as text, so that nobody in between has to take a
 * large one apart and put it together again.
 */
export type ExecutionText = {
  id: string;
  tenant: string;
  namespace: string;
  flowId: string;
  state: State;
  json: string;
};

export function executionText(execution: ExecutionJson): ExecutionText {
  const { id, tenantId, namespace, flowId, state } = execution;
  return { id, tenant: tenantId, namespace, flowId, state: state.current, json: JSON.stringify(execution) };
}

/** The execution itself, for who looks into it. */
export function executionOf({ json }: ExecutionText): ExecutionJson {
  return JSON.parse(json) as ExecutionJson;
}

/** One execution as lists show it: a row of the projection. `seq` grows with the execution and decides between two rows. */
export type ExecutionSummary = {
  id: string;
  tenant: string;
  namespace: string;
  flowId: string;
  flowRevision: number;
  state: State;
  startAt: number;
  endAt: number | null;
  durationMs: number | null;
  labels: readonly Label[];
  triggerId: string | null;
  triggerType: string | null;
  triggerExecutionId: string | null;
  parentId: string | null;
  seq: number;
  deleted: boolean;
};
