import { describe } from "vitest";
import { IndexCore } from "#actors/index/index-core.ts";
import type { Job } from "#schema/runner.ts";
import { queueContract } from "#test/contract/queue.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { createSqlProjection } from "./projection-sql.ts";
import { createLocalQueue } from "./queue-local.ts";

describe("the queue that is none", () => {
  queueContract(() => {
    const core = new IndexCore(nodeSql());
    const projection = createSqlProjection(async (statements) => core.query(statements));
    const runs = new Map<string, number>();
    const run = async (jobs: readonly Job[]) => {
      for (const { taskId, timeoutMs = 0 } of jobs) {
        runs.set(taskId, (runs.get(taskId) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, timeoutMs));
      }
    };
    return {
      projection,
      queue: createLocalQueue(projection, { run }),
      runs: async (name) => runs.get(name) ?? 0,
      job: (taskId, timeoutMs = 0) => ({
        id: `0000000000000000000zzz/${taskId}`,
        epoch: 0,
        tenant: "main",
        namespace: "company.team",
        flowId: "hello",
        executionId: "0000000000000000000zzz",
        taskId,
        taskRunId: "0",
        attempt: 0,
        type: "none",
        properties: {},
        timeoutMs,
      }),
    };
  });
});
