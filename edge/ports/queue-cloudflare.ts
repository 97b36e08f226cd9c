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

/** Longest wait before a message comes again: with the retries in wrangler.toml, a database may be away for hours. */
const MAX_DELAY_SECONDS = 300;
/** A job is run anew each time; after so many the cell's own lease decides whether it is wanted still. */
const WORK_MAX_ATTEMPTS = 3;

type SummariesMessage = { kind: "summaries"; summaries: readonly ExecutionSummary[] };
type WorkMessage = { kind: "work"; job: Job };
export type QueueMessage = SummariesMessage | WorkMessage;

/** The part of a received message that we use. */
export interface ReceivedMessage {
  readonly body: unknown;
  /** From 1 on. */
  readonly attempts: number;
  ack(): void;
  retry(options: { delaySeconds: number }): void;
}

/** What is too large for a message goes to its receiver directly. */
export function createCloudflareQueue(queue: MessageQueue, projection: ProjectionWriter, work: WorkRpc): Queue {
  return {
    async project(summaries) {
      const [small, large] = split<SummariesMessage>(summaries.map((one) => ({ kind: "summaries", summaries: [one] })));
      await sendAll(queue, small);
      for (const { summaries: one } of large) await projection.upsertExecutions(one);
    },
    async work(jobs) {
      const [small, large] = split<WorkMessage>(jobs.map((job) => ({ kind: "work", job })));
      for (const { job } of large)
        void work.run([job]).catch((error: unknown) => console.error("a large job was lost:", error));
      await sendAll(queue, small);
    },
  };
}

type Sized<M> = { body: M; bytes: number };

/** Messages that the queue takes, with their sizes, and those it does not. */
function split<M extends QueueMessage>(messages: readonly M[]): [Sized<M>[], M[]] {
  const small: Sized<M>[] = [];
  const large: M[] = [];
  for (const body of messages) {
    const bytes = bytesOf(body);
    if (bytes <= MESSAGE_MAX_BYTES) small.push({ body, bytes });
    else large.push(body);
  }
  return [small, large];
}

async function sendAll(queue: MessageQueue, messages: readonly Sized<QueueMessage>[]): Promise<void> {
  let batch: { body: unknown; contentType: "json" }[] = [];
  let batchBytes = 0;
  for (const { body, bytes } of messages) {
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
  await settle(projected, Number.POSITIVE_INFINITY, () =>
    projection.upsertExecutions(projected.flatMap(({ body }) => (body.kind === "summaries" ? body.summaries : []))),
  );
  await Promise.all(
    received.map(async ({ message, body }) => {
      if (body.kind === "work") await settle([{ message }], WORK_MAX_ATTEMPTS, () => work.run([body.job]));
    }),
  );
}

async function settle(
  entries: readonly { message: ReceivedMessage }[],
  maxAttempts: number,
  action: () => Promise<void>,
): Promise<void> {
  if (entries.length === 0) return;
  try {
    await action();
    for (const { message } of entries) message.ack();
  } catch (error) {
    console.error("messages go back to the queue:", error);
    for (const { message } of entries) {
      if (message.attempts >= maxAttempts) message.ack();
      else message.retry({ delaySeconds: Math.min(2 ** message.attempts, MAX_DELAY_SECONDS) });
    }
  }
}
