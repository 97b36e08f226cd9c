// W8: kill -9 of everything with many runs in flight, then a start on what is on disk.
import type { ExecutionJson } from "#schema/execution.ts";
import { hasEnded } from "../support/api.ts";
import { poll } from "../support/poll.ts";
import { type Sink, startSink } from "../support/sink.ts";
import { NAMESPACE, type Product } from "./product.ts";
import type { Amounts } from "./sample.ts";
import type { Kind } from "./subject.ts";

/** How long the sink takes for a call: a step is in flight for at least that long. */
const SINK_MS = 10;
/** The part of all steps that is done when everything is killed. */
const KILL_AT = 0.4;
const GIVE_UP_MS = 60_000;

/** Takes a product that runs; it runs again when this resolves. */
export async function measureCrash(product: Product, amounts: Amounts): Promise<Readonly<Record<string, number>>> {
  const { crashRuns: runs, crashSteps: steps } = amounts;
  const sink = await startSink({ delayMs: SINK_MS });
  try {
    const kind: Kind = { work: "effects", steps, sink };
    const flowId = await product.save(kind);
    const { api } = product.server;
    const beganMs = performance.now();
    const started = await Promise.all(Array.from({ length: runs }, () => api.execute(NAMESPACE, flowId)));
    const ids = started.map(({ id }) => id);
    await poll(() => (sink.calls >= runs * steps * KILL_AT ? true : undefined), {
      timeoutMs: GIVE_UP_MS,
      everyMs: 2,
      what: "the runs to be under way",
    });
    const callsBefore = sink.calls;
    const stepsPerSecond = (callsBefore / (performance.now() - beganMs)) * 1_000;
    await product.kill();
    sink.mark();
    const startMs = performance.now();
    product.server.spawn();
    const ends = await waitForAll(ids, (id) => api.execution(id), startMs);
    const done = ends.filter(
      ({ execution }) => execution?.state.current === "SUCCESS" && isWhole(sink, execution, steps),
    );
    return {
      lost: runs - done.length,
      twice: sink.all().filter(({ times }) => times > 1).length,
      callsBefore,
      stepsPerSecond,
      firstEffectMs: sink.firstMs === undefined ? Number.NaN : sink.firstMs - startMs,
      allDoneMs: Math.max(...ends.map(({ atMs }) => atMs)),
    };
  } finally {
    await sink.close();
  }
}

/** True when each step has reached the sink. */
function isWhole(sink: Sink, { id }: ExecutionJson, steps: number): boolean {
  return sink.steps(id) === steps;
}

/** Each execution's end, in ms after `startMs`; without an execution when it had not ended in time. */
async function waitForAll(
  ids: readonly string[],
  read: (id: string) => Promise<ExecutionJson>,
  startMs: number,
): Promise<{ readonly execution: ExecutionJson | undefined; readonly atMs: number }[]> {
  const ends: { execution: ExecutionJson | undefined; atMs: number }[] = [];
  // One after the other: asking for all of them all the time would slow down what is measured.
  for (const id of ids) {
    const execution = await poll(
      async () => {
        const found = await read(id);
        return hasEnded(found) ? found : undefined;
      },
      { timeoutMs: Math.max(0, GIVE_UP_MS - (performance.now() - startMs)), everyMs: 5, what: id },
    ).catch(() => undefined);
    ends.push({ execution, atMs: performance.now() - startMs });
  }
  return ends;
}
