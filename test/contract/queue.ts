import { beforeEach, describe, expect, test } from "vitest";
import type { ProjectionReader } from "#edge/ports/projection.ts";
import type { Queue } from "#edge/ports/queue.ts";
import type { Job } from "#schema/runner.ts";
import { executionSummary } from "./projection.ts";

/** A queue with what receives its hints. */
export type QueueRig = {
  queue: Queue;
  projection: Pick<ProjectionReader, "searchExecutions">;
  /** A job that takes `ms` and is then found in `runs` under `name`. */
  job(name: string, ms?: number, padding?: string): Job;
  /** How often the job called `name` has been begun. */
  runs(name: string): Promise<number>;
};

const WAIT_MS = 10_000;

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Nothing arrived within ${WAIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What every queue promises. `make` gives one whose projection is empty. */
export function queueContract(make: () => QueueRig | Promise<QueueRig>): void {
  let rig: QueueRig;
  beforeEach(async () => {
    rig = await make();
  });

  async function rows(): Promise<Map<string, { state: string; seq: number }>> {
    const found = new Map<string, { state: string; seq: number }>();
    for (let page = 1; ; page++) {
      const { results } = await rig.projection.searchExecutions("main", [], { page, size: 100, sort: [] });
      for (const { id, state, seq } of results) found.set(id, { state, seq });
      if (results.length < 100) return found;
    }
  }

  describe("projection", () => {
    test("[P2] every row arrives, of more than a batch holds", async () => {
      await rig.queue.project(Array.from({ length: 230 }, (_, index) => executionSummary(`e${index}`)));
      await until(async () => (await rows()).size === 230);
    });

    test("rows of any size arrive", async () => {
      const labels = Array.from({ length: 100 }, (_, index) => ({ key: `k${index}`, value: "ä".repeat(255) }));
      const wide = Array.from({ length: 9 }, (_, index) => executionSummary(`wide${index}`, { labels }));
      const wider = Array.from({ length: 6 }, () => labels).flat();
      await rig.queue.project([executionSummary("wider", { labels: wider }), ...wide]);
      await until(async () => (await rows()).size === 10);
    });

    test("doubled and late rows change nothing", async () => {
      const ended = executionSummary("a", { seq: 7, state: "SUCCESS" });
      await rig.queue.project([ended]);
      await rig.queue.project([executionSummary("a", { seq: 3 }), ended]);
      await rig.queue.project([executionSummary("last")]);
      await until(async () => (await rows()).size === 2);
      expect((await rows()).get("a")).toEqual({ state: "SUCCESS", seq: 7 });
    });
  });

  describe("work", () => {
    test("[P2] every job is begun", async () => {
      const names = Array.from({ length: 25 }, () => crypto.randomUUID());
      await rig.queue.work(names.map((name) => rig.job(name)));
      for (const name of names) await until(async () => (await rig.runs(name)) >= 1);
    });

    test("[P1] nobody waits for a job", async () => {
      const name = crypto.randomUUID();
      const begun = performance.now();
      await rig.queue.work([rig.job(name, 1_500)]);
      expect(performance.now() - begun).toBeLessThan(1_000);
      await until(async () => (await rig.runs(name)) >= 1);
    });

    test("a job larger than a message is begun as well", async () => {
      const name = crypto.randomUUID();
      await rig.queue.work([rig.job(name, 0, "x".repeat(300_000))]);
      await until(async () => (await rig.runs(name)) >= 1);
    });
  });
}
