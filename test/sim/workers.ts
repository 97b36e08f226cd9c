import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Ran, Run } from "./worker.ts";

/** Runs schedules on every core, a stretch of seeds at a time; `heard` answers false when no more are wanted. */
export async function runEverywhere(
  stretches: Iterable<Run>,
  heard: (ran: Ran) => boolean,
  threads = Math.max(1, availableParallelism()),
): Promise<void> {
  const waiting = stretches[Symbol.iterator]();
  let isWanted = true;
  await Promise.all(Array.from({ length: threads }, () => runOne()));

  async function runOne(): Promise<void> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    try {
      for (let next = waiting.next(); !next.done && isWanted; next = waiting.next()) {
        worker.postMessage(next.value);
        const ran = await answerOf(worker);
        isWanted &&= heard(ran);
      }
    } finally {
      await worker.terminate();
    }
  }
}

function answerOf(worker: Worker): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const off = () => {
      worker.off("message", onMessage);
      worker.off("error", onError);
    };
    const onMessage = (ran: Ran) => {
      off();
      resolve(ran);
    };
    const onError = (error: unknown) => {
      off();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
  });
}

/** Seeds from `first` on, in stretches small enough to spread. */
export function* stretchesOf(first: number, schedules: number, mutant?: string, length = 25): Iterable<Run> {
  for (let from = first; from < first + schedules; from += length)
    yield { from, to: Math.min(from + length, first + schedules), ...(mutant === undefined ? {} : { mutant }) };
}
