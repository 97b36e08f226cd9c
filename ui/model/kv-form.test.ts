import { describe, expect, test } from "vitest";
import { type KvType, kvValueIn } from "#schema/kv.ts";
import { fieldText, KV_HINTS, KV_TYPES, kvBody, ttlUntil } from "./kv-form.ts";

describe("the form of a key-value pair", () => {
  test.each<[KvType, string]>([
    ["STRING", "2026-01-31"],
    ["STRING", 'with "quotes"\nand lines'],
    ["STRING", ""],
    ["NUMBER", " 4.5 "],
    ["BOOLEAN", "TRUE"],
    ["DATETIME", "2026-01-31T09:00:00+01:00"],
    ["DATE", "2026-01-31"],
    ["DURATION", "P1DT2H"],
    ["JSON", '{"a": [1, null]}'],
  ])("what is written as %s, %j, comes back as that", (type, text) => {
    const made = kvBody(type, text);
    if ("problem" in made) throw new Error(made.problem);
    const read = kvValueIn(made.body);
    expect(read?.type).toBe(type);
    expect(kvBody(type, fieldText(read ?? { type: "STRING", value: "" }))).toHaveProperty("body");
  });

  test("what is left of a time to live is kept when a value is changed", () => {
    const nowMs = Date.UTC(2026, 0, 1);
    expect(ttlUntil("2026-01-01T01:00:00Z", nowMs)).toBe("PT3600S");
    expect(ttlUntil("2025-12-31T00:00:00Z", nowMs)).toBe("PT1S");
    expect(ttlUntil(undefined, nowMs)).toBe("");
  });

  test("what a type does not allow is told with what it wants", () => {
    for (const type of KV_TYPES.filter((name) => name !== "STRING"))
      expect(kvBody(type, "?")).toEqual({ problem: expect.stringContaining(KV_HINTS[type]) });
    expect(kvBody("JSON", "null")).toHaveProperty("problem");
  });
});
