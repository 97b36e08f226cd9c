import { expect, test } from "vitest";
import { isoInstant } from "./time.ts";

test("an instant as text is that of the platform, in whatever order they come", () => {
  for (const at of [
    0, 1, 999, 1000, 1_700_000_000_123, 1_700_000_000_007, -1, -1000, 253_402_300_799_999, 1_700_000_000_123,
  ])
    expect(isoInstant(at)).toBe(new Date(at).toISOString());
});
