import { describe, expect, test, vi } from "vitest";
import { executionSummary } from "#test/contract/projection.ts";
import { job, queueContract } from "#test/contract/queue.ts";
import type { MessageQueue } from "../env.ts";
import { consume, createCloudflareQueue, type ReceivedMessage } from "./queue-cloudflare.ts";
import { createLocalQueue } from "./queue-local.ts";

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

class Message implements ReceivedMessage {
  outcome: "ack" | "retry" | undefined;
  readonly body: unknown;
  constructor(body: unknown) {
    this.body = body;
  }
  ack() {
    this.outcome = "ack";
  }
  retry() {
    this.outcome = "retry";
  }
}

/** A queue with the limits of the platform. */
class LimitedQueue implements MessageQueue {
  readonly messages: unknown[] = [];
  async sendBatch(batch: Iterable<{ body: unknown }>): Promise<void> {
    const bodies = Array.from(batch, ({ body }) => body);
    const sizes = bodies.map((body) => new TextEncoder().encode(JSON.stringify(body)).length);
    expect(bodies.length).toBeLessThanOrEqual(100);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(128_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(256_000);
    this.messages.push(...bodies);
  }
}

describe("without a queue", () => {
  queueContract(({ projection, work }) => ({ queue: createLocalQueue(projection, work), settle: settled }));
});

describe("Cloudflare Queues", () => {
  queueContract(({ projection, work }) => {
    const queue = new LimitedQueue();
    return {
      queue: createCloudflareQueue(queue, work),
      async settle() {
        const messages = queue.messages.splice(0).map((body) => new Message(structuredClone(body)));
        await consume(messages, projection, work);
        for (const { outcome } of messages) expect(outcome).toBe("ack");
        await settled();
      },
    };
  });

  test("what could not be done goes back, the rest does not", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const summary = new Message({ kind: "summaries", summaries: [executionSummary("a")] });
    const [good, bad] = [
      new Message({ kind: "work", job: job("e/1") }),
      new Message({ kind: "work", job: job("e/2") }),
    ];
    const projection = {
      upsertExecutions: () => Promise.reject(new Error("the database is away")),
      upsertFlow: async () => {},
      replaceTriggers: async () => {},
    };
    const run = async ([first]: readonly { id: string }[]) => {
      if (first?.id === "e/2") throw new Error("broken");
    };
    await consume([summary, good, bad], projection, { run });
    expect([summary.outcome, good.outcome, bad.outcome]).toEqual(["retry", "ack", "retry"]);
    log.mockRestore();
  });
});
