// W5: a start on existing data to the first finished run; what the idle server costs after that.
import { setTimeout as sleep } from "node:timers/promises";
import { cpuSecondsOf, memoryOf } from "../support/process-tree.ts";
import type { Amounts } from "./sample.ts";
import { inParallel, timeMs } from "./stats.ts";
import { ONE, type Subject } from "./subject.ts";

/** Runs that are on disk when the start is measured. */
const EXISTING_RUNS = 300;
/** The clock tick of CPU time is 10 ms: work of the start must be over before counting. */
const SETTLE_MS = 8_000;

/** Takes a subject that has never been started. It runs when this resolves. */
export async function measureRestart(subject: Subject, amounts: Amounts): Promise<Readonly<Record<string, number>>> {
  await subject.start();
  await inParallel(EXISTING_RUNS, 8, () => subject.run(ONE));
  await subject.stop();
  const firstRunMs = await timeMs(() => subject.startToFirstRun());
  await sleep(Math.min(SETTLE_MS, amounts.idleSeconds * 1_000));
  const pids = subject.pids();
  const all = Object.values(pids);
  const cpuBefore = cpuSecondsOf(all);
  const startMs = performance.now();
  await sleep(amounts.idleSeconds * 1_000);
  const seconds = (performance.now() - startMs) / 1_000;
  const cpuPercent = ((cpuSecondsOf(all) - cpuBefore) / seconds) * 100;
  const { rssMiB, pssMiB } = memoryOf(all);
  const perRole = Object.entries(pids).map(([role, pid]) => [`rss_${role}`, memoryOf([pid]).rssMiB] as const);
  return { firstRunMs, cpuPercent, rssMiB, pssMiB, ...Object.fromEntries(perRole) };
}
