import { expect, test } from "vitest";
import { MUTANTS, type Mutant } from "./mutants.ts";
import { simulate } from "./simulate.ts";

// The simulator is worth what it finds: every planted mistake, within the schedules of one `npm test`.

const SCHEDULES = 2_000;
const FIRST_SEED = 1;

/** How many schedules it took to find the mistake; undefined when none did. A mistake that throws is found as well. */
async function schedulesToFind(mutant: Mutant): Promise<number | undefined> {
  for (let count = 1; count <= SCHEDULES; count++) {
    const violations = await simulate(FIRST_SEED + count - 1, mutant).then(
      (outcome) => outcome.violations,
      (error: unknown) => [String(error)],
    );
    if (violations.length > 0) return count;
  }
  return undefined;
}

test.for(MUTANTS)("[$rule] a planted mistake is found: $name", async (mutant) => {
  expect(await schedulesToFind(mutant)).toBeDefined();
});

test("mutants have different names", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});
