import { expect, test } from "vitest";
import { parseInstant, parseIsoDurationMs } from "./time.ts";

test.each([
  ["PT1.5S", 1500],
  ["P1DT2H", 93_600_000],
  ["-PT1M", -60_000],
  ["P", undefined],
  ["PT", undefined],
  ["5 minutes", undefined],
  [undefined, undefined],
])("%s is %s ms", (text, ms) => expect(parseIsoDurationMs(text)).toBe(ms));

test("an instant is read, nonsense is not", () => {
  expect(parseInstant("1970-01-01T00:00:01Z")).toBe(1000);
  expect(parseInstant("soon")).toBeUndefined();
});
