// Adds up what the test runner reports. Pure.

/** Outcome of one suite, or of all. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** One line for each test that did not run, with its file. */
  readonly skipped: readonly string[];
  readonly failures: readonly string[];
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface ReportSource {
  readonly suite: string;
  /** The JSON report; empty when the runner wrote none. */
  readonly text: string;
  readonly exitCode: number;
  /** Cut off from file names. */
  readonly root: string;
}

/** Reads one JSON report. A runner that failed without a failed test counts as one failure. */
export function readReport({ suite, text, exitCode, root }: ReportSource): Tally {
  let passed = 0;
  const skipped: string[] = [];
  const failures: string[] = [];
  for (const file of text === "" ? [] : (JSON.parse(text) as VitestReport).testResults) {
    const name = file.name.startsWith(root) ? file.name.slice(root.length + 1) : file.name;
    for (const { fullName, status } of file.assertionResults) {
      if (status === "passed") passed++;
      else if (status === "failed") failures.push(`${suite}: ${name}: ${fullName}`);
      else skipped.push(`${suite}: ${name}: ${fullName}`);
    }
    const loaded = file.status !== "failed" || file.assertionResults.some(({ status }) => status === "failed");
    if (!loaded) failures.push(`${suite}: ${name}: ${file.message?.split("\n")[0] || "could not be loaded"}`);
  }
  if (exitCode === 0 && passed + failures.length + skipped.length === 0) skipped.push(`${suite}: there are no tests`);
  if (exitCode !== 0 && failures.length === 0) failures.push(`${suite}: the test runner ended with code ${exitCode}`);
  return { passed, failed: failures.length, skipped, failures };
}

/** The sum. With `skipsFail`, what was skipped counts as failed. */
export function addTallies(tallies: readonly Tally[], { skipsFail }: { skipsFail: boolean }): Tally {
  const skipped = tallies.flatMap((tally) => tally.skipped);
  const failures = tallies.flatMap((tally) => tally.failures);
  if (skipsFail) failures.push(...skipped.map((line) => `${line} (a skip is a failure in CI)`));
  return { passed: tallies.reduce((sum, { passed }) => sum + passed, 0), failed: failures.length, skipped, failures };
}
