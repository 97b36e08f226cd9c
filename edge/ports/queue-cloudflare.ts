import type { ExecutionSummary } from "#schema/execution.ts";
import type { Job } from "#schema/runner.ts";
import type { MessageQueue, WorkRpc } from "../env.ts";
import type { ProjectionWriter } from "./projection.ts";
import type { Queue } from "./queue.ts";

// Cloudflare Queues. A message has 128 KB at most, a batch 100 messages and 256 KB: both are kept well below, for what they
// count is not the text alone.

const MESSAGE_MAX_BYTES = 120_000;
const BATCH_MAX_BYTES = 240_000;
const BATCH_MAX_MESSAGES = 100;

export type QueueMessage = { kind: "summaries"; summaries: readonly ExecutionSummary[] } | { kind: "work"; job: Job };

/** The part of a received message that we use. */
export interface ReceivedMessage {
  readonly body: unknown;
  ack(): void;
  retry(): void;
}

export function createCloudflareQueue(queue: MessageQueue, work: WorkRpc): Queue {
  return {
    project: (summaries) =>
      sendAll(
        queue,
        summaries.map((summary) => ({ kind: "summaries", summaries: [summary] })),
      ),
    async work(jobs) {
      const small: QueueMessage[] = [];
      for (const job of jobs) {
        if (bytesOf({ kind: "work", job }) <= MESSAGE_MAX_BYTES) small.push({ kind: "work", job });
        else void work.run([job]).catch((error: unknown) => console.error("a large job was lost:", error));
      }
      await sendAll(queue, small);
    },
  };
}

async function sendAll(queue: MessageQueue, messages: readonly QueueMessage[]): Promise<void> {
  let batch: { body: unknown; contentType: "json" }[] = [];
  let batchBytes = 0;
  for (const body of messages) {
    const bytes = bytesOf(body);
    if (bytes > MESSAGE_MAX_BYTES)
      throw new Error(`a queue message has ${bytes} bytes, more than ${MESSAGE_MAX_BYTES}`);
    if (batch.length === BATCH_MAX_MESSAGES || batchBytes + bytes > BATCH_MAX_BYTES) {
      await queue.sendBatch(batch);
      batch = [];
      batchBytes = 0;
    }
    batch.push({ body, contentType: "json" });
    batchBytes += bytes;
  }
  if (batch.length > 0) await queue.sendBatch(batch);
}

function bytesOf(message: QueueMessage): number {
  return new TextEncoder().encode(JSON.stringify(message)).length;
}

/** What a consumer does with a batch: one write for all summaries, then each job by itself. A message is acknowledged when it is done. */
export async function consume(
  messages: readonly ReceivedMessage[],
  projection: ProjectionWriter,
  work: WorkRpc,
): Promise<void> {
  // The bodies are our own: this Worker is the only producer of its queue.
  const received = messages.map((message) => ({ message, body: message.body as QueueMessage }));
  const projected = received.filter(({ body }) => body.kind === "summaries");
  await settle(projected, () =>
    projection.upsertExecutions(projected.flatMap(({ body }) => (body.kind === "summaries" ? body.summaries : []))),
  );
  await Promise.all(
    received.map(async ({ message, body }) => {
      if (body.kind === "work") await settle([{ message }], () => work.run([body.job]));
    }),
  );
}

async function settle(entries: readonly { message: ReceivedMessage }[], action: () => Promise<void>): Promise<void> {
  if (entries.length === 0) return;
  try {
    await action();
    for (const { message } of entries) message.ack();
  } catch (error) {
    console.error("messages go back to the queue:", error);
    for (const { message } of entries) message.retry();
  }
}
