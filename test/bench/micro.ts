// What the pure parts cost, in this process and nothing else: no storage, no network, no runtime.
import { freeze, thaw } from "#engine/snapshot.ts";
import { objectScope, render } from "#expr/index.ts";
import { type Drive, drive, parallelFlow, sequenceFlow } from "./micro-engine.ts";
import { median, spread } from "./stats.ts";

export interface MicroResult {
  readonly name: string;
  /** Microseconds, median of the batches. */
  readonly us: number;
  /** (max - min) / median over the batches. */
  readonly spread: number;
}

const BATCHES = 7;
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

const TEMPLATES = {
  "plain text": "no expression at all",
  path: "{{ outputs.fetch.body.items }}",
  "filters and a ternary": "{{ inputs.name | upper | replace({'A': 'b'}) }} {{ inputs.count > 3 ? 'many' : 'few' }}",
  "loop over 100": "{% for item in inputs.list %}{{ item.name }}-{{ loop.index }},{% endfor %}",
} as const;

function renderCosts(): MicroResult[] {
  const list = Array.from({ length: 100 }, (_, index) => ({ name: `name${index}` }));
  const scope = objectScope({
    inputs: { name: "banana", count: 4, list },
    outputs: { fetch: { body: { items: "some text" } } },
  });
  return Object.entries(TEMPLATES).map(([name, template]) => {
    const us = batches(() => {
      const outcome = render(template, { scope, now: 0, random: () => 0.5 });
      if (outcome.ok !== true) throw new Error(`${name}: ${JSON.stringify(outcome)}`);
    });
    return resultOf(`render, ${name}`, us);
  });
}

/** Microseconds for one call, for each batch. A batch lasts about 20 ms, so that the clock does not matter. */
export function batches(body: () => void): number[] {
  const calls = callsIn(20, body);
  return Array.from({ length: BATCHES }, () => {
    const startMs = performance.now();
    for (let call = 0; call < calls; call++) body();
    return ((performance.now() - startMs) * 1_000) / calls;
  });
}

/** Calls that fit into about `ms`; warms the body up on the way. */
function callsIn(ms: number, body: () => void): number {
  for (let calls = 1; ; calls *= 2) {
    const startMs = performance.now();
    for (let call = 0; call < calls; call++) body();
    const tookMs = performance.now() - startMs;
    if (tookMs >= ms / 2) return Math.max(1, Math.round((calls * ms) / tookMs));
  }
}

function resultOf(name: string, us: readonly number[]): MicroResult {
  return { name, us: median(us), spread: spread(us) };
}

export function printMicro(results: readonly MicroResult[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  return results
    .map(
      ({ name, us, spread: wide }) =>
        `${name.padEnd(width)}  ${us.toFixed(2).padStart(12)} us  ±${Math.round(wide * 50)} %`,
    )
    .join("\n");
}
