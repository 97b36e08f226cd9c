import type { TriggerState } from "#actors/flow-actor/flow-rpc.ts";
import type { Label } from "#schema/event.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import type { EpochMs } from "#schema/json.ts";
import type { Condition, Page, Paging } from "../db/filter.ts";

/** One flow as lists show it. `json` is the flow as the API answers it, without its source. */
export type FlowSummary = {
  tenant: string;
  namespace: string;
  id: string;
  revision: number;
  disabled: boolean;
  deleted: boolean;
  description: string | null;
  labels: readonly Label[];
  json: string;
  updatedAt: EpochMs;
};

export type FlowName = { tenant: string; namespace: string; flowId: string };
export type TriggerSummary = TriggerState & FlowName;
export type TriggerFilter = { namespace?: string; flowId?: string; q?: string };

/**
 * What lists and searches read. A copy of what the actors know, which may lag.
 *
 * P1. A row never goes back: an execution's by `seq`, a flow's by `revision`. The same row twice is once.
 * P2. A deleted execution stays away, whatever comes later.
 * P3. A write that resolved is seen by every later read.
 */
export interface ProjectionWriter {
  upsertExecutions(summaries: readonly ExecutionSummary[]): Promise<void>;
  upsertFlow(flow: FlowSummary): Promise<void>;
  /** The triggers of a flow are now these, and no others. */
  replaceTriggers(flow: FlowName, triggers: readonly TriggerState[]): Promise<void>;
}

export interface ProjectionReader {
  searchExecutions(tenant: string, conditions: readonly Condition[], paging: Paging): Promise<Page<ExecutionSummary>>;
  searchFlows(tenant: string, conditions: readonly Condition[], paging: Paging): Promise<Page<FlowSummary>>;
  /** Namespaces that have a flow, sorted. */
  namespaces(tenant: string): Promise<string[]>;
  searchTriggers(tenant: string, filter: TriggerFilter, paging: Paging): Promise<Page<TriggerSummary>>;
  /** Flows of the shared database whose triggers should have moved before `before`; some `limit` of them. */
  overdueFlows(before: EpochMs, limit: number): Promise<FlowName[]>;
}

export interface Projection extends ProjectionWriter, ProjectionReader {}
