import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cronProblem, isTimeZone, isValid, nextDate, previousDate } from "./cron.ts";

const at = (text: string) => Date.parse(text);
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

describe("a cron expression", () => {
  test.each([
    "* * * * *",
    "*/15 * * * *",
    "0 9 * * 1-5",
    "0 0 1,15 * *",
    "0 9 * JAN-MAR MON,WED",
    "5/20 * * * *",
    "0 0 * * 7",
    "0 0-23/2 * * *",
    "@daily",
    "@HOURLY",
    "@annually",
  ])("%s is valid", (cron) => {
    expect(cronProblem(cron)).toBeUndefined();
  });

  test.each([
    "",
    "* * * *",
    "* * * * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "0 0 L * *",
    "0 0 15W * *",
    "0 0 * * 5#2",
    "0 0 ? * *",
    "5-1 * * * *",
    "*/0 * * * *",
    "a * * * *",
    "@never",
    "1,,2 * * * *",
    "- * * * *",
  ])("%j is not, and says why", (cron) => {
    expect(isValid(cron)).toBe(false);
    expect(cronProblem(cron)).toContain(`invalid cron expression '${cron}'`);
  });

  test("has a field for seconds only when asked for", () => {
    expect(isValid("30 * * * * *", { withSeconds: true })).toBe(true);
    expect(isValid("* * * * *", { withSeconds: true })).toBe(false);
  });

  test("of any text neither throws nor hangs", () => {
    const field = fc.stringMatching(/^[0-9*,/a-zA-Z-]{1,6}$/);
    fc.assert(
      fc.property(fc.array(field, { minLength: 5, maxLength: 5 }), (fields) => {
        const cron = fields.join(" ");
        const next = nextDate(cron, "UTC", 0);
        if (!isValid(cron)) expect(next).toBeUndefined();
        else if (next !== undefined) expect(next).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe("dates", () => {
  const start = at("2024-05-15T10:07:30Z"); // a Wednesday

  test.each([
    ["* * * * *", "UTC", "2024-05-15T10:08:00.000Z"],
    ["*/15 * * * *", "UTC", "2024-05-15T10:15:00.000Z"],
    ["5/20 * * * *", "UTC", "2024-05-15T10:25:00.000Z"],
    ["0 9 * * 1-5", "Europe/Paris", "2024-05-16T07:00:00.000Z"],
    ["0 0 * * 0", "UTC", "2024-05-19T00:00:00.000Z"],
    ["0 0 * * 7", "UTC", "2024-05-19T00:00:00.000Z"],
    ["0 0 29 2 *", "UTC", "2028-02-29T00:00:00.000Z"],
    ["@monthly", "UTC", "2024-06-01T00:00:00.000Z"],
  ])("after %s in %s the next is %s", (cron, zone, expected) => {
    expect(iso(nextDate(cron, zone, start))).toBe(expected);
  });

  test("when both days are restricted, either matches", () => {
    expect(iso(nextDate("0 0 13 * 5", "UTC", start))).toBe("2024-05-17T00:00:00.000Z");
    expect(iso(nextDate("0 0 16 * 5", "UTC", start))).toBe("2024-05-16T00:00:00.000Z");
  });

  test("the next is later and the previous earlier than a date of the cron itself", () => {
    const due = at("2024-05-15T10:15:00Z");
    expect(iso(nextDate("*/15 * * * *", "UTC", due))).toBe("2024-05-15T10:30:00.000Z");
    expect(iso(previousDate("*/15 * * * *", "UTC", due))).toBe("2024-05-15T10:00:00.000Z");
  });

  test("seconds count when asked for", () => {
    expect(iso(nextDate("*/20 * * * * *", "UTC", start, { withSeconds: true }))).toBe("2024-05-15T10:07:40.000Z");
  });

  test("a time that a change of clocks leaves out is not lost", () => {
    const next = nextDate("30 2 * * *", "Europe/Berlin", at("2024-03-31T00:00:00Z"));
    expect(next).toBeDefined();
    expect(next! - at("2024-03-31T00:00:00Z")).toBeLessThan(24 * 3_600_000);
  });

  test("a date that never comes is none", () => {
    expect(nextDate("0 0 30 2 *", "UTC", start)).toBeUndefined();
    expect(previousDate("0 0 30 2 *", "UTC", start)).toBeUndefined();
  });

  test("an unknown zone gives none", () => {
    expect(isTimeZone("Mars/Olympus")).toBe(false);
    expect(nextDate("* * * * *", "Mars/Olympus", start)).toBeUndefined();
  });

  test("the previous of the next is not later than the start", () => {
    const crons = fc.constantFrom("*/7 * * * *", "0 9 * * 1-5", "15 3 1 * *", "@weekly", "0 0 13 * 5");
    fc.assert(
      fc.property(crons, fc.integer({ min: 0, max: 2_000_000_000_000 }), (cron, ms) => {
        const next = nextDate(cron, "UTC", ms);
        expect(next).toBeGreaterThan(ms);
        expect(previousDate(cron, "UTC", next!)).toBeLessThanOrEqual(ms);
      }),
      { numRuns: 100 },
    );
  });
});
