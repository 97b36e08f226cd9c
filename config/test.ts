// `npm test`: every check and every test there is. What the machine cannot do is skipped aloud; where CI=true, a skip
// is a failure. The last line is "N passed, N failed".
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findChromium } from "./capabilities.ts";
import { checkSteps, runSteps } from "./check.ts";
import { ROOT, runTool } from "./run.ts";
import { addTallies, readReport, type Tally } from "./test-report.ts";

interface Suite {
  readonly name: string;
  /** Configuration of the test runner. */
  readonly config: string;
  /** Why the machine cannot run it, or undefined. */
  readonly lack?: () => string | undefined;
  /** Its files belong to other suites as well, so it runs only when it is asked for. */
  readonly isSelection?: true;
}

const noChromium = () => (findChromium() ? undefined : "no Chromium found; install one, or name it in CHROMIUM");

const SUITES: readonly Suite[] = [
  { name: "unit", config: "config/vitest.config.ts" },
  { name: "sim", config: "config/vitest.sim.ts" },
  { name: "workerd", config: "config/vitest.workerd.ts" },
  { name: "e2e", config: "config/vitest.e2e.ts", lack: noChromium },
  { name: "crash", config: "config/vitest.crash.ts" },
  { name: "expressions", config: "config/vitest.expressions.ts", isSelection: true },
];

/** Runs the named suites, or all with the checks before them. */
export async function main(argv: readonly string[]): Promise<void> {
  const unknown = argv.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(`No suite "${unknown.join(", ")}". Known are: ${SUITES.map(({ name }) => name).join(", ")}.`);
    process.exitCode = 1;
    return;
  }
  const tallies: Tally[] = [];
  if (argv.length === 0) {
    const steps = checkSteps();
    const failed = await runSteps(steps);
    tallies.push({
      passed: steps.length - failed.length,
      failed: failed.length,
      skipped: [],
      failures: failed.map((name) => `check: ${name}`),
    });
  }
  for (const suite of SUITES) {
    const isWanted = argv.length === 0 ? suite.isSelection !== true : argv.includes(suite.name);
    if (isWanted) tallies.push(await runSuite(suite));
  }
  const total = addTallies(tallies, { skipsFail: process.env.CI === "true" });
  for (const skip of total.skipped) console.log(`SKIPPED ${skip}`);
  for (const failure of total.failures) console.log(`FAILED  ${failure}`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

async function runSuite({ name, config, lack }: Suite): Promise<Tally> {
  console.log(`\n== ${name}`);
  const reason = lack?.();
  if (reason) {
    console.log(`Skipped: ${reason}.`);
    return { passed: 0, failed: 0, skipped: [`${name}: all (${reason})`], failures: [] };
  }
  const folder = join(ROOT, "node_modules", ".cache", "test-reports");
  const report = join(folder, `${name}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true });
  const { code } = await runTool("vitest/vitest.mjs", [
    "run",
    `--config=${config}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  let text = "";
  try {
    text = readFileSync(report, "utf8");
  } catch {
    // No report: the runner itself failed; readReport says so.
  }
  return readReport({ suite: name, text, exitCode: code, root: ROOT });
}

if (import.meta.main) await main(process.argv.slice(2));
