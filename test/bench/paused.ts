// W13: many executions that wait for a person. What they cost in memory, how fast one goes on, whether others notice.
import { setTimeout as sleep } from "node:timers/promises";
import { memoryOf } from "../support/process-tree.ts";
import { NAMESPACE, type Product } from "./product.ts";
import type { Amounts } from "./sample.ts";
import { inParallel, quantile, timeMs } from "./stats.ts";

const CLIENTS = 16;
const RESUMES = 200;
/** How long others are asked while the paused ones become idle, and how often. */
const IDLE_SECONDS = 20;
const PROBE_EVERY_MS = 20;

const SOURCE = `id: paused
namespace: ${NAMESPACE}
tasks:
  - id: approval
    type: io.kestra.plugin.core.flow.Pause
  - id: done
    type: io.kestra.plugin.core.debug.Return
    format: done
`;

/** Takes a product that runs. */
export async function measurePaused(product: Product, amounts: Amounts): Promise<Readonly<Record<string, number>>> {
  const { api } = product.server;
  await api.saveFlow(SOURCE);
  // As many as make the caches, the heap and the database's page cache as large as they become anyway.
  const ids: string[] = [];
  const start = async () => {
    ids.push((await api.execute(NAMESPACE, "paused")).id);
  };
  await inParallel(amounts.paused / 20, CLIENTS, start);
  await sleep(3_000);
  const { workerd } = product.server.pids();
  const before = memoryOf([workerd]).rssMiB;
  const startedMs = await timeMs(() => inParallel(amounts.paused, CLIENTS, start));
  const probes: number[] = [];
  const until = performance.now() + Math.min(IDLE_SECONDS, amounts.idleSeconds * 2) * 1_000;
  while (performance.now() < until) {
    probes.push(await timeMs(() => api.execution(ids[Math.floor(Math.random() * ids.length)] ?? "")));
    await sleep(PROBE_EVERY_MS);
  }
  const grownMiB = memoryOf([workerd]).rssMiB - before;
  const resumes: number[] = [];
  for (let resume = 0; resume < RESUMES; resume++) {
    const id = ids[Math.floor((resume / RESUMES) * ids.length)] ?? "";
    resumes.push(
      await timeMs(async () => {
        const answer = await api.resume(id);
        if (answer.status !== 204) throw new Error(`The resume of ${id} was answered ${answer.status}: ${answer.text}`);
      }),
    );
  }
  return {
    grownMiB,
    resumeP95: quantile(resumes, 0.95),
    slowestProbe: Math.max(...probes),
    startsPerSecond: (amounts.paused / startedMs) * 1_000,
  };
}
