import { expect, test } from "vitest";
import { addTallies, readReport } from "./test-report.ts";

const report = (testResults: object[]) => JSON.stringify({ testResults });
const source = { suite: "unit", exitCode: 0, root: "/repo" };

test("counts what passed, and names what failed and what was skipped", () => {
  const text = report([
    {
      name: "/repo/actors/a.test.ts",
      status: "failed",
      assertionResults: [
        { fullName: "one", status: "passed" },
        { fullName: "two", status: "failed" },
        { fullName: "three", status: "skipped" },
      ],
    },
  ]);
  expect(readReport({ ...source, text, exitCode: 1 })).toEqual({
    passed: 1,
    failed: 1,
    skipped: ["unit: actors/a.test.ts: three"],
    failures: ["unit: actors/a.test.ts: two"],
  });
});

test("counts a file that could not be loaded, and a runner without a report, as one failure each", () => {
  const text = report([
    { name: "/repo/a.test.ts", status: "failed", message: "No such module\n at", assertionResults: [] },
  ]);
  expect(readReport({ ...source, text, exitCode: 1 }).failures).toEqual(["unit: a.test.ts: No such module"]);
  expect(readReport({ ...source, text: "", exitCode: 7 }).failures).toEqual([
    "unit: the test runner ended with code 7",
  ]);
});

test("calls an empty suite a skip", () => {
  expect(readReport({ ...source, text: report([]) }).skipped).toEqual(["unit: there are no tests"]);
});

test("lets a skip pass on a developer's machine and fail in CI", () => {
  const tally = { passed: 3, failed: 0, skipped: ["e2e: all"], failures: [] };
  expect(addTallies([tally], { skipsFail: false }).failed).toBe(0);
  expect(addTallies([tally], { skipsFail: true })).toMatchObject({ passed: 3, failed: 1 });
});
