import { expect, test } from "vitest";
import type { Job } from "#schema/runner.ts";
import { executionSummary } from "#test/contract/projection.ts";
import { consume, createCloudflareQueue } from "./queue-cloudflare.ts";

// What the Workers runtime of the tests cannot show: see test/workerd/queue.test.ts for the contract.

function message(body: unknown, attempts: number) {
  const outcome: (string | number)[] = [];
  return {
    outcome,
    received: {
      body,
      attempts,
      ack: () => void outcome.push("acknowledged"),
      retry: ({ delaySeconds }: { delaySeconds: number }) => void outcome.push(delaySeconds),
    },
  };
}

const down = {
  upsertExecutions: async () => {
    throw new Error("down");
  },
  upsertFlow: async () => {},
  replaceTriggers: async () => {},
};

test("a row that could not be written comes again, later each time, however often it failed", async () => {
  const body = { kind: "summaries", summaries: [executionSummary("a")] };
  const messages = [1, 2, 3, 8, 9, 90].map((attempts) => message(body, attempts));
  await consume(
    messages.map(({ received }) => received),
    down,
    { run: async () => {} },
  );
  expect(messages.flatMap(({ outcome }) => outcome)).toEqual([2, 4, 8, 256, 300, 300]);
});

test("messages are sent in batches below the platform's limits", async () => {
  const batches: number[][] = [];
  const queue = {
    sendBatch: async (messages: Iterable<{ body: unknown }>) =>
      void batches.push([...messages].map(({ body }) => JSON.stringify(body).length)),
  };
  const labels = Array.from({ length: 100 }, (_, index) => ({ key: `k${index}`, value: "x".repeat(900) }));
  const small = Array.from({ length: 150 }, (_, index) => executionSummary(`e${index}`));
  const wide = Array.from({ length: 5 }, (_, index) => executionSummary(`w${index}`, { labels }));
  await createCloudflareQueue(queue, down, { run: async () => {} }).project([...small, ...wide]);
  expect(batches.flat()).toHaveLength(155);
  for (const batch of batches) {
    expect(batch.length).toBeLessThanOrEqual(100);
    expect(batch.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(256_000);
    for (const bytes of batch) expect(bytes).toBeLessThanOrEqual(128_000);
  }
});

test("a job larger than a message is run directly", async () => {
  const run: string[] = [];
  const sent: unknown[] = [];
  const queue = createCloudflareQueue({ sendBatch: async (messages) => void sent.push(...messages) }, down, {
    run: async (jobs) => void run.push(...jobs.map(({ id }) => id)),
  });
  const job = (id: string, body: string) => ({ id, properties: { body } }) as unknown as Job;
  await queue.work([job("small", "x"), job("large", "x".repeat(130_000))]);
  expect(run).toEqual(["large"]);
  expect(sent).toHaveLength(1);
});
