// W1 to W4 and W6: work given to a running subject over HTTP, timed by the client.
import { type Sink, startSink } from "../support/sink.ts";
import { Floor } from "./floor.ts";
import type { Amounts } from "./sample.ts";
import { inParallel, median, quantile, timeMs } from "./stats.ts";
import { FAN, type Kind, ONE, SEQUENCE, type Subject } from "./subject.ts";

type Figures = Readonly<Record<string, number>>;
export type Work = (subject: Subject, amounts: Amounts) => Promise<Figures>;

const GROWTH_STEPS = [50, 200, 500, 1_000, 5_000, 10_000] as const;

async function times(subject: Subject, kind: Kind, runs: number, warmUps: number): Promise<number[]> {
  for (let run = 0; run < warmUps; run++) await subject.run(kind);
  const found: number[] = [];
  for (let run = 0; run < runs; run++) found.push(await timeMs(() => subject.run(kind)));
  return found;
}

/** One-step runs, one after the other. */
async function w1(subject: Subject, amounts: Amounts): Promise<Figures> {
  const runs = await times(subject, ONE, amounts.w1Runs, 30);
  return { p50: median(runs), p95: quantile(runs, 0.95) };
}

/** A sequence of 50 steps without an outside effect. The floor confirms each step; `shared` is the floor that need not. */
async function w2(subject: Subject, amounts: Amounts): Promise<Figures> {
  const stepMs = (await times(subject, SEQUENCE, amounts.sequenceRuns, 3)).map((ms) => ms / SEQUENCE.steps);
  const figures = { step: median(stepMs), stepP95: quantile(stepMs, 0.95) };
  if (!(subject instanceof Floor)) return figures;
  const shared = await times(subject, { work: "coalesced", steps: SEQUENCE.steps }, amounts.sequenceRuns, 3);
  return { ...figures, shared: median(shared) / SEQUENCE.steps };
}

/** A sequence of 50 steps that each call the sink. The sink's own time is measured by the floor and taken off later. */
function w2x(subject: Subject, amounts: Amounts): Promise<Figures> {
  return withSink(async (sink) => {
    const steps = SEQUENCE.steps;
    const runs = await times(subject, { work: "effects", steps, sink }, amounts.effectRuns, 2);
    const figures = { step: median(runs) / steps };
    if (!(subject instanceof Floor)) return figures;
    const calls: number[] = [];
    for (let run = 0; run < amounts.effectRuns + 2; run++)
      calls.push(await timeMs(() => subject.callSink(steps, sink)));
    return { ...figures, sink: median(calls.slice(2)) / steps };
  });
}

async function withSink<T>(body: (sink: Sink) => Promise<T>): Promise<T> {
  const sink = await startSink();
  try {
    return await body(sink);
  } finally {
    await sink.close();
  }
}

/** A fan-out of 100 and the join. */
async function w3(subject: Subject, amounts: Amounts): Promise<Figures> {
  const runs = await times(subject, FAN, amounts.fanRuns, 3);
  return { p50: median(runs), p95: quantile(runs, 0.95) };
}

/** One-step runs from many clients at once. */
async function w4(subject: Subject, amounts: Amounts): Promise<Figures> {
  await inParallel(50, 8, () => subject.run(ONE));
  const runs: number[] = [];
  const totalMs = await timeMs(() =>
    inParallel(amounts.w4Runs, amounts.w4Clients, async () => {
      runs.push(await timeMs(() => subject.run(ONE)));
    }),
  );
  return { perSecond: (amounts.w4Runs / totalMs) * 1_000, p50: median(runs), p95: quantile(runs, 0.95) };
}

/** Does a step cost more when the run is long already? Marginal cost of late steps over that of early ones. */
async function w6(subject: Subject, amounts: Amounts): Promise<Figures> {
  const totals: Record<number, number> = {};
  for (const steps of GROWTH_STEPS) {
    const runs = steps <= 200 ? amounts.growthRuns * 3 : amounts.growthRuns;
    totals[steps] = median(await times(subject, { work: "steps", steps }, runs, 1));
  }
  const marginal = (from: number, to: number) => ((totals[to] ?? 0) - (totals[from] ?? 0)) / (to - from);
  const early = marginal(50, 200);
  const late = marginal(500, 1_000);
  const latest = marginal(5_000, 10_000);
  return { growth: late / early, longGrowth: latest / early, early, late, latest, thousand: totals[1_000] ?? 0 };
}

/** Works that need nothing but a running subject, in the order in which they are done. */
export const WORKS: Readonly<Record<string, Work>> = { W1: w1, W2: w2, W2x: w2x, W3: w3, W4: w4, W6: w6 };
