import { beforeEach, describe, expect, test } from "vitest";
import type { WorkRpc } from "#edge/env.ts";
import type { ProjectionWriter } from "#edge/ports/projection.ts";
import type { Queue } from "#edge/ports/queue.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import type { Job } from "#schema/runner.ts";
import { executionSummary } from "./projection.ts";

export type QueueStage = { queue: Queue /** Lets everything that is on its way arrive. */; settle(): Promise<void> };
export type QueueEnds = { projection: ProjectionWriter; work: WorkRpc };

export function job(id: string, properties: Job["properties"] = {}): Job {
  const [executionId = ""] = id.split("/");
  return {
    id,
    epoch: 1,
    tenant: "main",
    namespace: "company.team",
    flowId: "hello",
    executionId,
    taskId: "task",
    taskRunId: "run",
    attempt: 1,
    type: "io.kestra.plugin.core.http.Request",
    properties,
  };
}

/** What every queue promises. `make` connects one to its two ends. */
export function queueContract(make: (ends: QueueEnds) => QueueStage): void {
  let summaries: ExecutionSummary[];
  let jobs: Job[];
  let stage: QueueStage;
  beforeEach(() => {
    summaries = [];
    jobs = [];
    stage = make({
      projection: {
        upsertExecutions: async (some) => void summaries.push(...some),
        upsertFlow: async () => {},
        replaceTriggers: async () => {},
      },
      work: { run: async (some) => void jobs.push(...some) },
    });
  });

  describe("queue", () => {
    test("[P2] brings summaries to the projection", async () => {
      const sent = Array.from({ length: 250 }, (_, index) => executionSummary(`e${index}`));
      await stage.queue.project(sent);
      await stage.settle();
      expect(new Set(summaries.map(({ id }) => id))).toEqual(new Set(sent.map(({ id }) => id)));
    });

    test("[P2] brings jobs of any size to the workers", async () => {
      const sent = [job("e/1"), job("e/2", { body: "x".repeat(500_000) }), job("e/3", { body: "ä".repeat(70_000) })];
      await stage.queue.work(sent);
      await stage.settle();
      expect(jobs.map(({ id }) => id).sort()).toEqual(["e/1", "e/2", "e/3"]);
    });

    test("nothing is no problem", async () => {
      await stage.queue.project([]);
      await stage.queue.work([]);
      await stage.settle();
      expect([summaries, jobs]).toEqual([[], []]);
    });
  });
}
