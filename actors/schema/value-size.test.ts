import { expect, test } from "vitest";
import { jsonSize, sizeOf } from "./value-size.ts";

const LIMIT = 10_000;

test("near the limit the size is that of the text: escapes count, short numbers do not count for long ones", () => {
  for (const value of ["\u0001".repeat(2_000), "x".repeat(9_000), Array(4_000).fill(1), { a: ["\n".repeat(3_000)] }])
    expect(jsonSize(value, LIMIT)).toBe(JSON.stringify(value).length);
});

test("far from the limit it is about right, and on the right side", () => {
  expect(jsonSize("\u0001".repeat(1_000), LIMIT)).toBeLessThanOrEqual(LIMIT);
  expect(jsonSize("x".repeat(1_000_000), LIMIT)).toBeGreaterThan(LIMIT);
  expect(jsonSize(undefined, LIMIT)).toBeLessThan(LIMIT);
});

test("counting stops where the answer is known", () => {
  const large = Array.from({ length: 1_000 }, () => "x".repeat(1_000));
  expect(sizeOf(large, 5_000)).toBeLessThan(7_000);
});
