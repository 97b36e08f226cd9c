import { MUTANTS, type Mutant } from "./mutants.ts";
import { simulate } from "./simulate.ts";

// npm run sim -- --schedules 20000 [--seed 1]      looks for violations
// npm run sim -- --mutants [--schedules 2000]      plants mistakes and says how soon each is found

function option(name: string, otherwise: number): number {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : Number(process.argv[index + 1]);
}

const first = option("seed", Math.floor(Math.random() * 2 ** 31));
const schedules = option("schedules", 2_000);

/** Runs the schedules until `most` of them show something wrong. */
async function search(mutant: Mutant | undefined, most: number) {
  const found: { seed: number; violations: string[] }[] = [];
  let [steps, crashes, done] = [0, 0, 0];
  for (let seed = first; seed < first + schedules && found.length < most; seed++) {
    const { violations, ...outcome } = await outcomeOf(seed, mutant);
    steps += outcome.steps;
    crashes += outcome.crashes;
    done += 1;
    if (violations.length > 0) found.push({ seed, violations });
  }
  return { found, steps, crashes, done };
}

/** A planted mistake may also throw: that is found, too. */
async function outcomeOf(seed: number, mutant: Mutant | undefined) {
  try {
    return await simulate(seed, mutant);
  } catch (error) {
    if (mutant === undefined) throw error;
    return { violations: [`threw ${String(error)}`], steps: 0, crashes: 0 };
  }
}

const startedAt = performance.now();
let isGood = true;
if (process.argv.includes("--mutants")) {
  for (const mutant of MUTANTS) {
    const { found, done } = await search(mutant, 1);
    isGood &&= found.length > 0;
    const [hit] = found;
    console.log(
      `${hit ? `found after ${String(done).padStart(4)}` : "MISSED          "}  ${mutant.rule.padEnd(4)} ${mutant.name}`,
    );
    if (hit) console.log(`                        ${hit.violations[0]?.slice(0, 140)}`);
  }
} else {
  const { found, steps, crashes } = await search(undefined, 20);
  for (const { seed, violations } of found) console.log(`seed ${seed}:\n  ${violations.slice(0, 6).join("\n  ")}`);
  isGood = found.length === 0;
  console.log(
    `${schedules} schedules from seed ${first}: ${steps} steps, ${crashes} crashes, ${found.length} with violations`,
  );
}
console.log(`${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exitCode = isGood ? 0 : 1;
