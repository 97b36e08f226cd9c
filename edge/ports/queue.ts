import type { ExecutionSummary } from "#schema/execution.ts";
import type { Job } from "#schema/runner.ts";

/**
 * How actors hand things on. Everything handed over is a hint: it may be lost, doubled, late or in another order, and the row that asked
 * for it asks again.
 *
 * P1. Both methods resolve when the hint is on its way, not when it is done; they reject when it could not be sent.
 * P2. A hint that is not lost reaches the projection, or the service that runs edge and sandbox tasks, at least once.
 */
export interface Queue {
  project(summaries: readonly ExecutionSummary[]): Promise<void>;
  work(jobs: readonly Job[]): Promise<void>;
}
