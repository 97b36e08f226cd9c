import type { Sink } from "../support/sink.ts";

/** A piece of work that every subject can do. */
export type Kind =
  | { readonly work: "steps"; readonly steps: number }
  /** As `steps`, where the subject may share one commit among steps. The product decides that by itself. */
  | { readonly work: "coalesced"; readonly steps: number }
  | { readonly work: "fan"; readonly steps: number }
  | { readonly work: "effects"; readonly steps: number; readonly sink: Sink };

export const ONE: Kind = { work: "steps", steps: 1 };
export const SEQUENCE: Kind = { work: "steps", steps: 50 };
export const FAN: Kind = { work: "fan", steps: 100 };

/** Roles of processes, such as "workerd" and "launcher". */
export type Pids = Readonly<Record<string, number>>;

/** What is measured: the product, or the platform's floor under it. */
export interface Subject {
  readonly name: "product" | "floor";
  /** Starts it on its data folder and resolves when it answers. */
  start(): Promise<void>;
  /** Starts it and resolves with the first finished run of one step; for measuring a start. */
  startToFirstRun(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
  /** Does the work once; resolves when the subject says that it is finished and durable, throws when it failed. */
  run(kind: Kind): Promise<void>;
  pids(): Pids;
}
