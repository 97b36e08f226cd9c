import { simulate } from "./simulate.ts";

// npm run sim -- --schedules 20000 [--seed 1]

function option(name: string, otherwise: number): number {
  const index = process.argv.indexOf(`--${name}`);
  return index < 0 ? otherwise : Number(process.argv[index + 1]);
}

const first = option("seed", Math.floor(Math.random() * 2 ** 31));
const schedules = option("schedules", 2_000);
let bad = 0;
let steps = 0;
let crashes = 0;
const startedAt = performance.now();
for (let seed = first; seed < first + schedules; seed++) {
  const outcome = await simulate(seed);
  steps += outcome.steps;
  crashes += outcome.crashes;
  if (outcome.violations.length === 0) continue;
  bad += 1;
  console.log(`seed ${seed}:\n  ${outcome.violations.slice(0, 6).join("\n  ")}`);
  if (bad >= 20) break;
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `${schedules} schedules from seed ${first}: ${steps} steps, ${crashes} crashes, ${seconds} s, ${bad} with violations`,
);
process.exitCode = bad === 0 ? 0 : 1;
