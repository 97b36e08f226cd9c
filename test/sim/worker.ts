import { parentPort } from "node:worker_threads";
import { Coverage } from "./coverage.ts";
import { MUTANTS } from "./mutants/index.ts";
import type { Mutant } from "./mutants/mutant.ts";
import { simulate } from "./simulate.ts";

/** Seeds in [from, to), with a planted mistake when one is named: then only until it is found. */
export type Run = { from: number; to: number; mutant?: string };

export type Failure = { seed: number; violations: string[] };

export type Ran = {
  run: Run;
  schedules: number;
  failures: Failure[];
  steps: number;
  crashes: number;
  executions: number;
  counts: [string, number][];
};

export async function runStretch(run: Run): Promise<Ran> {
  const mutant = run.mutant === undefined ? undefined : MUTANTS.find(({ name }) => name === run.mutant);
  const ran: Ran = { run, schedules: 0, failures: [], steps: 0, crashes: 0, executions: 0, counts: [] };
  const coverage = new Coverage();
  for (let seed = run.from; seed < run.to; seed++) {
    const outcome = await outcomeOf(seed, mutant);
    ran.schedules += 1;
    ran.steps += outcome.steps;
    ran.crashes += outcome.crashes;
    ran.executions += outcome.executions;
    coverage.add(outcome.coverage.counts);
    if (outcome.violations.length > 0) ran.failures.push({ seed, violations: outcome.violations });
    if (mutant !== undefined && ran.failures.length > 0) break;
  }
  return { ...ran, counts: [...coverage.counts] };
}

/** A mistake that throws is found, too. */
async function outcomeOf(seed: number, mutant: Mutant | undefined) {
  try {
    return await simulate(seed, mutant === undefined ? {} : { mutant });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { violations: [`threw ${text}`], steps: 0, crashes: 0, executions: 0, coverage: new Coverage() };
  }
}

parentPort?.on("message", (run: Run) => {
  void runStretch(run).then((ran) => parentPort?.postMessage(ran));
});
