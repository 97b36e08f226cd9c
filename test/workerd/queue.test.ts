import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Env } from "#edge/env.ts";
import worker from "#edge/index.ts";
import { portsOf } from "#edge/ports/ports.ts";
import { createCloudflareQueue, type QueueMessage } from "#edge/ports/queue-cloudflare.ts";
import { newExecutionId } from "#schema/ids.ts";
import type { Job } from "#schema/runner.ts";
import { executionSummary } from "#test/contract/projection.ts";
import { queueContract } from "#test/contract/queue.ts";
import { callsOf, OUTSIDE, TYPES } from "./support/client.ts";

const bound = env as unknown as Env;

/** A job of an execution that nobody knows: it is run, and its answer is wanted by nobody. */
function job(name: string, ms = 0, padding = ""): Job {
  const executionId = newExecutionId((length) => crypto.getRandomValues(new Uint8Array(length)), "each", Date.now());
  return {
    id: `${executionId}/0.1`,
    epoch: 0,
    tenant: "main",
    namespace: "company.team",
    flowId: "hello",
    executionId,
    taskId: "call",
    taskRunId: `${executionId.slice(0, 16)}-0`,
    attempt: 0,
    type: TYPES.request,
    properties: { uri: `${OUTSIDE}/slow/${ms}?as=${name}`, method: "POST", body: padding },
  };
}

describe("Cloudflare Queues, from the producer to the Worker's own consumer", () => {
  queueContract(async () => {
    await env.DB.prepare("DELETE FROM executions").run();
    return {
      queue: createCloudflareQueue(bound.QUEUE as never, portsOf(bound).projection, bound.WORK),
      projection: portsOf(bound).projection,
      job,
      runs: callsOf,
    };
  });
});

describe("a batch as the consumer gets it", () => {
  async function deliver(bodies: readonly QueueMessage[], given: Env = bound, attempts = 1) {
    const messages = bodies.map((body, index) => ({ id: `${index}`, timestamp: new Date(), attempts, body }));
    const batch = createMessageBatch("windhover", messages);
    const context = createExecutionContext();
    await worker.queue(batch, given);
    const { explicitAcks, retryMessages } = await getQueueResult(batch, context);
    return { acked: explicitAcks.sort(), retried: retryMessages };
  }
  const summaries = (id: string): QueueMessage => ({ kind: "summaries", summaries: [executionSummary(id)] });

  test("is acknowledged message by message, in any order and twice", async () => {
    const name = crypto.randomUUID();
    const bodies: QueueMessage[] = [summaries("b1"), { kind: "work", job: job(name) }, summaries("b1")];
    expect(await deliver(bodies)).toEqual({ acked: ["0", "1", "2"], retried: [] });
    expect(await deliver(bodies)).toEqual({ acked: ["0", "1", "2"], retried: [] });
    expect(await callsOf(name)).toBe(2);
  });

  test("goes back while the database is down, and only the part that needs it", async () => {
    const name = crypto.randomUUID();
    const down = {
      ...bound,
      DB: {
        prepare: () => {
          throw new Error("down");
        },
        batch: async () => [],
      },
    } as unknown as Env;
    const bodies: QueueMessage[] = [summaries("down"), { kind: "work", job: job(name) }];
    expect(await deliver(bodies, down)).toEqual({ acked: ["1"], retried: [{ msgId: "0" }] });
  });

  test("leaves a job that could not be run some times to its cell, which asks again", async () => {
    const failing = {
      ...bound,
      WORK: {
        run: async () => {
          throw new Error("unreachable");
        },
      },
    } as unknown as Env;
    const bodies: QueueMessage[] = [{ kind: "work", job: job("never") }];
    expect((await deliver(bodies, failing)).retried).toHaveLength(1);
    expect(await deliver(bodies, failing, 3)).toEqual({ acked: ["0"], retried: [] });
  });

  test("of a kind that this version does not know is left alone", async () => {
    const odd = { kind: "of-a-later-version" } as unknown as QueueMessage;
    expect(await deliver([odd, summaries("beside")])).toEqual({ acked: ["1"], retried: [] });
  });
});
