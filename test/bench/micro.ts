// What the pure parts cost, in this process and nothing else: no storage, no network, no runtime.

import { freeze, thaw } from "#engine/snapshot.ts";
import { BATCHES, batches, type MicroResult, resultOf } from "./batches.ts";
import { type Drive, drive, parallelFlow, sequenceFlow } from "./micro-engine.ts";
import { renderCosts } from "./micro-expr.ts";

const EVENTS_PER_BATCH = 10_000;
const SIZES = [100, 1_000, 10_000] as const;

/** All micro benchmarks; synchronous, a few seconds. */
export function runMicro(quick: boolean): MicroResult[] {
  const sizes = quick ? SIZES.slice(0, 2) : SIZES;
  return [...sizes.flatMap(reducerCosts), ...sizes.map(snapshotCost), ...renderCosts()];
}

/** `runs` task runs in one execution: the whole, and the last tenth alone, which shows whether history costs. */
function reducerCosts(runs: number): MicroResult[] {
  const found: MicroResult[] = [];
  for (const [shape, flow] of [
    ["sequence", sequenceFlow(runs)],
    ["parallel", parallelFlow(runs)],
  ] as const) {
    const whole: number[] = [];
    const last: number[] = [];
    // As many events in a batch of few runs as in one of many; the first batch only warms up.
    const repeats = Math.max(1, EVENTS_PER_BATCH / runs);
    for (let batch = -1; batch < BATCHES; batch++) {
      const drives = Array.from({ length: repeats }, () => drive(flow, runs));
      if (batch < 0) continue;
      const sum = (pick: (one: Drive) => number) => drives.reduce((total, one) => total + pick(one), 0);
      whole.push((sum(({ totalMs }) => totalMs) * 1_000) / sum(({ events }) => events));
      last.push((sum(({ lastMs }) => lastMs) * 1_000) / sum(({ lastEvents }) => lastEvents));
    }
    found.push(resultOf(`reducer, ${shape} of ${runs}, an event`, whole));
    found.push(resultOf(`reducer, ${shape} of ${runs}, an event of the last tenth`, last));
  }
  return found;
}

function snapshotCost(runs: number): MicroResult {
  const { state } = drive(sequenceFlow(runs), runs);
  const us = batches(() => {
    if (thaw(freeze(state)) === undefined) throw new Error("The snapshot is of another version");
  });
  return resultOf(`snapshot to text and back, ${runs} runs`, us);
}

export type { MicroResult };

export function printMicro(results: readonly MicroResult[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  return results
    .map(
      ({ name, us, spread: wide }) =>
        `${name.padEnd(width)}  ${us.toFixed(2).padStart(12)} us  ±${Math.round(wide * 50)} %`,
    )
    .join("\n");
}
