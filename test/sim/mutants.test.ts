import { expect, test } from "vitest";
import { MUTANTS } from "./mutants/index.ts";
import { runEverywhere, stretchesOf } from "./workers.ts";

// The simulator is worth what it finds. Every planted mistake is looked for by `npm run sim -- --mutants`; here a few, others each day.

const SCHEDULES = 2_000;
const FIRST_SEED = 1;
const SAMPLE = 8;

/** How many schedules it took to find the mistake; undefined when none did. */
async function schedulesToFind(name: string): Promise<number | undefined> {
  let needed: number | undefined;
  await runEverywhere(stretchesOf(FIRST_SEED, SCHEDULES, name, 10), ({ run, schedules, failures }) => {
    if (failures.length > 0) needed = Math.min(needed ?? SCHEDULES, run.from - FIRST_SEED + schedules);
    return needed === undefined;
  });
  return needed;
}

/** Another sample each day of the year, of those that so few schedules find. */
const day = Math.floor(Date.now() / 86_400_000);
const usual = MUTANTS.filter(({ rare }) => !rare);
const sample = Array.from({ length: SAMPLE }, (_, index) => usual[(day * SAMPLE + index) % usual.length]).filter(
  (mutant) => mutant !== undefined,
);

test.for(sample)("[$rule] a planted mistake is found: $name", { timeout: 300_000 }, async ({ name }) => {
  expect(await schedulesToFind(name)).toBeDefined();
});

test("mutants have different names", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});
