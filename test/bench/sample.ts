// What a work gives: figures by name, of one subject in one round. The report joins them.
import type { Subject } from "./subject.ts";

export interface Sample {
  /** Such as "W1". */
  readonly work: string;
  readonly subject: Subject["name"];
  readonly figures: Readonly<Record<string, number>>;
}

/** How much of each work is done. */
export interface Amounts {
  readonly w1Runs: number;
  readonly sequenceRuns: number;
  readonly effectRuns: number;
  readonly fanRuns: number;
  readonly w4Runs: number;
  readonly w4Clients: number;
  readonly growthRuns: number;
  readonly idleSeconds: number;
  readonly crashRuns: number;
  readonly crashSteps: number;
  readonly webhookPerSecond: number;
  readonly webhookSeconds: number;
  readonly publishedRuns: number;
  readonly manyTasks: number;
  readonly paused: number;
  readonly keyValues: number;
  readonly fileMiB: number;
}

export const FULL: Amounts = {
  w1Runs: 200,
  sequenceRuns: 20,
  effectRuns: 10,
  fanRuns: 20,
  w4Runs: 2_000,
  w4Clients: 32,
  growthRuns: 3,
  idleSeconds: 10,
  crashRuns: 50,
  crashSteps: 40,
  webhookPerSecond: 200,
  webhookSeconds: 60,
  publishedRuns: 40,
  manyTasks: 10_000,
  paused: 100_000,
  keyValues: 4_000,
  fileMiB: 1_000,
};

/** Enough to see that everything works; its figures are too noisy to compare. */
export const QUICK: Amounts = {
  w1Runs: 30,
  sequenceRuns: 4,
  effectRuns: 2,
  fanRuns: 4,
  w4Runs: 200,
  w4Clients: 32,
  growthRuns: 1,
  idleSeconds: 2,
  crashRuns: 50,
  crashSteps: 40,
  webhookPerSecond: 100,
  webhookSeconds: 2,
  publishedRuns: 4,
  manyTasks: 1_000,
  paused: 1_000,
  keyValues: 200,
  fileMiB: 50,
};
