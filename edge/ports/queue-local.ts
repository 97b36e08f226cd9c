import type { WorkRpc } from "../env.ts";
import type { ProjectionWriter } from "./projection.ts";
import type { Queue } from "./queue.ts";

/** No queue at all: the receiver is called directly. */
export function createLocalQueue(projection: ProjectionWriter, work: WorkRpc): Queue {
  return {
    project: (summaries) => projection.upsertExecutions(summaries),
    async work(jobs) {
      // Not awaited: the sender must not wait for a task. A job that is lost here is given out again when its lease ends.
      void work.run(jobs).catch((error: unknown) => console.error("a batch of work was lost:", error));
    },
  };
}
