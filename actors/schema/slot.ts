import type { EffectId } from "./effect.ts";
import type { EpochMs } from "./json.ts";

// What an execution and its flow's actor say to each other about concurrency slots.

/** The effect by which a flow's actor gives a slot to an execution that runs and never asked. */
export const ADOPTED = "adopt";

export type SlotBehavior = "QUEUE" | "CANCEL" | "FAIL";

/** An execution asks for a slot. The same wish twice is one. */
export type SlotWish = {
  executionId: string;
  /** The effect that asks; a later one of the same execution replaces it. */
  effect: EffectId;
  /** Takes one above the limit. */
  force: boolean;
  /** Executions that wait for the end of this one, nearest first. */
  ancestors: readonly string[];
};

export type SlotAnswer = {
  answer: "granted" | "queued" | "refused";
  /** Executions that hold a slot. */
  running?: number;
  /** Why it is refused, when not because all slots are taken. */
  reason?: string;
  behavior?: SlotBehavior;
};

export type SlotHolder = { executionId: string; since: EpochMs; forced: boolean };
/** `position` counts from 1. */
export type SlotWaiter = { executionId: string; since: EpochMs; position: number };

/** Who holds a flow's slots, and who waits. `limit` is undefined where the flow sets none. */
export type SlotView = {
  limit: { limit: number; behavior: SlotBehavior } | undefined;
  holders: SlotHolder[];
  queue: SlotWaiter[];
  /** How many wait in all; `queue` holds the first of them. */
  queued: number;
};
