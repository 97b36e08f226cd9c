import { Coverage } from "./coverage.ts";
import { COMMAND_STATES, EXPECTED_FAULTS } from "./expected.ts";
import { MUTANTS } from "./mutants/index.ts";
import { runEverywhere, stretchesOf } from "./workers.ts";

// npm run sim -- --schedules 20000 [--seed 1]      looks for violations, on all cores
// npm run sim -- --mutants [--schedules 50000]     plants mistakes and says how soon each is found; --named slot: those whose name holds it

function option(name: string): number | undefined {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? undefined : Number(process.argv[index + 1]);
}

const first = option("seed") ?? Math.floor(Math.random() * 2 ** 31);
/** From so many schedules on, a fault or a command that never met a state is a failure too. */
const LONG = 20_000;
const MOST_SHOWN = 20;

/** True when nothing was wrong. */
async function search(schedules: number): Promise<boolean> {
  const failed: number[] = [];
  const coverage = new Coverage();
  let [done, steps, crashes, executions] = [0, 0, 0, 0];
  await runEverywhere(stretchesOf(first, schedules), (ran) => {
    for (const { seed, violations } of ran.failures) {
      failed.push(seed);
      if (failed.length <= MOST_SHOWN) console.log(`seed ${seed}:\n  ${violations.slice(0, 6).join("\n  ")}`);
    }
    done += ran.schedules;
    steps += ran.steps;
    crashes += ran.crashes;
    executions += ran.executions;
    coverage.add(ran.counts);
    return failed.length < MOST_SHOWN;
  });
  const never = coverage.missing([...EXPECTED_FAULTS, ...COMMAND_STATES]);
  if (process.argv.includes("--counts")) showCounts(coverage);
  if (never.length > 0) console.log(`never happened: ${never.join("; ")}`);
  console.log(
    `${done} schedules from seed ${first}: ${executions} executions, ${steps} steps, ${crashes} crashes, ` +
      `${coverage.count("model", "compared to the end")} compared with the model to the end, ${failed.length} with violations`,
  );
  return failed.length === 0 && (never.length === 0 || schedules < LONG);
}

function showCounts(coverage: Coverage): void {
  for (const [key, times] of [...coverage.counts].toSorted(([a], [b]) => a.localeCompare(b)))
    console.log(`${key}: ${times}`);
}

/** True when enough of the planted mistakes are found. */
async function plant(schedules: number): Promise<boolean> {
  const found = new Map<string, { needed: number; violation: string }>();
  const index = process.argv.indexOf("--named");
  const mutants = MUTANTS.filter(({ name }) => index < 0 || name.includes(process.argv[index + 1] ?? ""));
  for (const mutant of mutants) {
    await runEverywhere(stretchesOf(first, schedules, mutant.name), ({ run, schedules: ran, failures }) => {
      const [failure] = failures;
      if (failure === undefined) return !found.has(mutant.name);
      const needed = run.from - first + ran;
      const known = found.get(mutant.name);
      if (known === undefined || needed < known.needed)
        found.set(mutant.name, { needed, violation: failure.violations[0] ?? "" });
      return false;
    });
    const hit = found.get(mutant.name);
    const after = hit === undefined ? "MISSED".padEnd(17) : `found after ${String(hit.needed).padStart(5)}`;
    console.log(`${after}  ${mutant.rule.padEnd(5)} ${mutant.name}`);
    if (hit !== undefined) console.log(`                         ${hit.violation.slice(0, 140)}`);
  }
  const most = Math.max(0, ...[...found.values()].map(({ needed }) => needed));
  console.log(
    `${found.size} of ${mutants.length} planted mistakes found, each within ${most} schedules from seed ${first}`,
  );
  return found.size >= 0.95 * mutants.length;
}

const startedAt = performance.now();
const isGood = process.argv.includes("--mutants")
  ? await plant(option("schedules") ?? 50_000)
  : await search(option("schedules") ?? 2_000);
console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exitCode = isGood ? 0 : 1;
