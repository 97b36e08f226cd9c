import { describe, expect, test } from "vitest";
import { registry } from "#tasks/registry.ts";
import { AWAY, playSeed, problemsOf, reasonOf, seedExpected, seedNames, seedSource, seedTable } from "./seeds.ts";

const names = seedNames();

/** What is not there yet is warned of by these: there may be fewer as more is built. */
const SHRINKING = ["TYPE_NOT_RUN", "UNKNOWN_PROPERTY"];

/** `seen` with the counts that were expected where fewer are as good. */
function agreed(seen: Record<string, number>, expected: Record<string, number>): Record<string, number> {
  const fewer = SHRINKING.filter((code) => (expected[code] ?? 0) > (seen[code] ?? 0));
  return { ...seen, ...Object.fromEntries(fewer.map((code) => [code, expected[code] ?? 0])) };
}

describe("an example of the documentation is accepted", () => {
  test.for(names)("%s", (name) => {
    const problems = problemsOf(seedSource(name));
    expect(Object.keys(problems).filter((code) => code.startsWith("error"))).toEqual([]);
    expect(agreed(problems, seedExpected(name).problems)).toEqual(seedExpected(name).problems);
  });
});

describe("an example of the documentation ends as its file says", () => {
  test.for(names.filter((name) => reasonOf(name) === undefined))("%s", { timeout: 60_000 }, async (name) => {
    const {
      inputs,
      answers,
      steps,
      trigger,
      http,
      files,
      kv,
      secrets,
      executions,
      flows,
      templates,
      examples,
      repaired,
      programs,
      ...expected
    } = seedExpected(name);
    const { lines, keyValues, problems: seenProblems, ...seen } = await playSeed(name);
    expect({
      ...seen,
      problems: agreed(seenProblems, expected.problems),
      ...("lines" in expected ? { lines } : {}),
      ...("keyValues" in expected ? { keyValues } : {}),
    }).toEqual(expected);
  });
});

/** Grows with what is built, never shrinks. */
const RUN = 98;

describe("of the examples", () => {
  test("at least 120 are kept, and every one that is not run says why", () => {
    expect(names.length).toBeGreaterThanOrEqual(120);
    const reasons = names.flatMap((name) => reasonOf(name) ?? []);
    for (const reason of reasons) expect(reason).toMatch(/^(?:account|runtime|not built): \S/);
    const away = reasons.filter((reason) => reason.endsWith(AWAY)).length;
    expect(names.length - reasons.length + away).toBeGreaterThanOrEqual(RUN);
    if (process.env.SEEDS_TABLE) process.stdout.write(`${seedTable()}\n`);
  });

  test("no type is called not built that there is", () => {
    for (const name of names) {
      const [, type] = /^not built: (io\.kestra\.\S+)$/.exec(seedExpected(name).needs ?? "") ?? [];
      if (type !== undefined) expect(registry.task(type)).toBeUndefined();
    }
  });
});
