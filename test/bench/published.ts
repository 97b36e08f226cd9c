// W9 to W12: the flows that Kestra publishes figures of, and one execution of 10,000 tasks. There is no floor for them.
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutionJson } from "#schema/execution.ts";
import { memoryOf } from "../support/process-tree.ts";
import { keyValues } from "./key-values.ts";
import { checkSuccess, NAMESPACE, type Product } from "./product.ts";
import type { Amounts } from "./sample.ts";
import { median, quantile, timeMs } from "./stats.ts";

type Figures = Readonly<Record<string, number>>;
export type ProductWork = (product: Product, amounts: Amounts) => Promise<Figures>;

const LOG = "io.kestra.plugin.core.log.Log";
const RETURN = "io.kestra.plugin.core.debug.Return";
const WEBHOOK_KEY = "bench-webhook-key-0123";
/** The garbage of building the flow must be gone before memory is read. */
const SETTLE_MS = 3_000;

function lines(...text: string[]): string {
  return `${text.join("\n")}\n`;
}

async function runFlow(product: Product, flowId: string): Promise<number> {
  let execution: ExecutionJson | undefined;
  const ms = await timeMs(async () => {
    execution = await product.server.api.execute(NAMESPACE, flowId, { wait: true, timeoutMs: 300_000 });
  });
  if (execution) checkSuccess(execution);
  return ms;
}

async function p50(product: Product, flowId: string, source: string, runs: number): Promise<Figures> {
  await product.server.api.saveFlow(source);
  for (let run = 0; run < 5; run++) await runFlow(product, flowId);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await runFlow(product, flowId));
  return { p50: median(times), p95: quantile(times, 0.95) };
}

/** Two tasks behind a webhook, called at a steady rate whatever the answers do: the time from the call to the finished execution. */
async function w9(product: Product, { webhookPerSecond, webhookSeconds }: Amounts): Promise<Figures> {
  const { api } = product.server;
  await api.saveFlow(
    lines(
      `id: webhook\nnamespace: ${NAMESPACE}`,
      `triggers:\n  - id: hook\n    type: io.kestra.plugin.core.trigger.Webhook\n    key: ${WEBHOOK_KEY}\n    wait: true`,
      `tasks:\n  - id: first\n    type: ${RETURN}\n    format: "{{ trigger.body }}"`,
      `  - id: second\n    type: ${LOG}\n    message: "{{ outputs.first.value }}"`,
    ),
  );
  const path = `/executions/webhook/${NAMESPACE}/webhook/${WEBHOOK_KEY}`;
  const times: number[] = [];
  const call = async () => {
    const startMs = performance.now();
    checkSuccess(await api.json<ExecutionJson>({ method: "POST", path, body: "hello" }));
    times.push(performance.now() - startMs);
  };
  for (let warmUp = 0; warmUp < 100; warmUp++) await call();
  times.length = 0;
  const calls: Promise<void>[] = [];
  const total = webhookPerSecond * webhookSeconds;
  const beganMs = performance.now();
  while (calls.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - beganMs) / 1_000) * webhookPerSecond) + 1);
    while (calls.length < due) calls.push(call());
    await sleep(1);
  }
  await Promise.all(calls);
  const perSecond = (total / (performance.now() - beganMs)) * 1_000;
  return { p50: median(times), p99: quantile(times, 0.99), most: Math.max(...times), perSecond };
}

/** Kestra's benchmark02: five If with a Log each. */
function w10(product: Product, { publishedRuns }: Amounts): Promise<Figures> {
  const task = (index: number) =>
    lines(
      `  - id: if${index}\n    type: io.kestra.plugin.core.flow.If\n    condition: "{{ execution.id != '' }}"`,
      `    then:\n      - id: log${index}\n        type: ${LOG}\n        message: "{{ task.id }}"`,
    );
  const source = `id: ifs\nnamespace: ${NAMESPACE}\ntasks:\n${[1, 2, 3, 4, 5].map(task).join("")}`;
  return p50(product, "ifs", source, publishedRuns);
}

/** Kestra's benchmark03: a ForEach of 100 Log tasks, all at once; and one of 1,000. */
async function w11(product: Product, { publishedRuns }: Amounts): Promise<Figures> {
  const each = (values: number) =>
    lines(
      `id: each${values}\nnamespace: ${NAMESPACE}`,
      `tasks:\n  - id: each\n    type: io.kestra.plugin.core.flow.ForEach`,
      `    values: "{{ range(1, ${values}) }}"\n    concurrencyLimit: 0`,
      `    tasks:\n      - id: log\n        type: ${LOG}\n        message: "{{ taskrun.value }}"`,
    );
  const hundred = await p50(product, "each100", each(100), publishedRuns);
  const thousand = await p50(product, "each1000", each(1_000), Math.max(3, publishedRuns / 4));
  return { hundred: hundred.p50 ?? Number.NaN, thousand: thousand.p50 ?? Number.NaN };
}

/** 10,000 tasks in one execution, as a ForEach of 10,000 values; how much memory the runtime keeps of it. */
async function w12(product: Product, { manyTasks }: Amounts): Promise<Figures> {
  const source = lines(
    `id: many\nnamespace: ${NAMESPACE}`,
    `tasks:\n  - id: each\n    type: io.kestra.plugin.core.flow.ForEach`,
    `    values: "{{ range(1, ${manyTasks}) }}"\n    concurrencyLimit: 0`,
    `    tasks:\n      - id: log\n        type: ${LOG}\n        message: "{{ taskrun.value }}"`,
  );
  await product.server.api.saveFlow(source);
  const { workerd } = product.server.pids();
  const before = memoryOf([workerd]).rssMiB;
  const ms = await runFlow(product, "many");
  await sleep(SETTLE_MS);
  return { ms, grownMiB: memoryOf([workerd]).rssMiB - before };
}

export const PUBLISHED: Readonly<Record<string, ProductWork>> = { W9: w9, W10: w10, W11: w11, W12: w12, KV: keyValues };
