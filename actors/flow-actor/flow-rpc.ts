import type { EpochMs } from "#schema/json.ts";
import type { Problem } from "#schema/problem.ts";
import type { SlotAnswer, SlotView, SlotWish } from "#schema/slot.ts";
import type { State } from "#schema/state.ts";

export type FlowKey = { tenant: string; namespace: string; flowId: string };

export type FlowRevision = {
  revision: number;
  source: string;
  disabled: boolean;
  deleted: boolean;
  /** Of an older revision: the newest one limits the flow's executions. */
  limited?: true;
};

/** `absent`: no such flow or revision. `deleted`: the flow is deleted; `last` is its last revision. */
export type FlowHead =
  | { kind: "found"; flow: FlowRevision }
  | { kind: "absent" }
  | { kind: "deleted"; last: FlowRevision };

/** `create` refuses an existing flow, `update` a missing or deleted one. */
export type SaveMode = "create" | "update" | "upsert";

export type SaveAnswer =
  | { kind: "saved"; flow: FlowRevision; problems: Problem[] }
  | { kind: "exists" }
  | { kind: "absent" }
  | { kind: "invalid"; problems: Problem[] };

/** State of one time trigger. Dates in ms since 1970; `lockedBy` is the execution it waits for. */
export type TriggerState = {
  triggerId: string;
  type: string;
  dateAt: EpochMs | null;
  nextAt: EpochMs | null;
  disabled: boolean;
  lockedBy: string | null;
  lockedAt: EpochMs | null;
  lastError: string | null;
};

/** The truth about one flow: its revisions and the states of its time triggers. */
export interface FlowRpc {
  /** `around`: what its namespace gives it, as it is pinned behind a source; kept for the triggers until the next save. */
  save(key: FlowKey, source: string, mode: SaveMode, around?: string): Promise<SaveAnswer>;
  /** The given revision, or the last. A caller that names the revision it `knows` gets an empty `source` when that is the answer. */
  head(revision?: number, knows?: number): Promise<FlowHead>;
  /** False when there is no live flow. Revisions are kept. */
  remove(): Promise<boolean>;
  revisions(): Promise<FlowRevision[]>;
  triggers(): Promise<TriggerState[]>;
  /** An execution that a trigger of this flow started has ended: the trigger may go on. */
  released(triggerId: string, executionId: string, state: State): Promise<void>;
  /** Asks for a concurrency slot. The same wish again gets the same answer; who is queued is told later, by a call on its cell. */
  acquireSlot(wish: SlotWish): Promise<SlotAnswer>;
  /** The execution no longer wants what `effect` asked for. */
  releaseSlot(executionId: string, effect: string): Promise<void>;
  /** Who holds the slots, and who waits. */
  concurrency(): Promise<SlotView>;
  /** Re-arms the alarm and does what is overdue. */
  sweep(): Promise<void>;
}

export function flowActorName(key: FlowKey): string {
  return `${key.tenant}/${key.namespace}/${key.flowId}`;
}
