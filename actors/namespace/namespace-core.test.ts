import { beforeEach, describe, expect, test } from "vitest";
import { nodeSql } from "#test/support/node-sql.ts";
import { NamespaceCore } from "./namespace-core.ts";

describe("key-value pairs", () => {
  let now: number;
  let core: NamespaceCore;
  beforeEach(() => {
    now = 1000;
    core = new NamespaceCore(nodeSql(), () => now);
  });

  test("keeps values with their types", () => {
    const value = { a: [1, "x", null], __proto__x: true };
    expect(core.set("k", { type: "JSON", value }, { overwrite: true })).toBe("stored");
    expect(core.get("k")).toEqual({ kind: "found", type: "JSON", value });
    expect(core.get("other")).toEqual({ kind: "absent" });
  });

  test("without overwriting a live value stays", () => {
    core.set("k", { type: "STRING", value: "a" }, { overwrite: false });
    expect(core.set("k", { type: "STRING", value: "b" }, { overwrite: false })).toBe("exists");
    expect(core.get("k")).toMatchObject({ value: "a" });
  });

  test("[K1] an expired value is gone for reads, lists and writes", () => {
    core.set("k", { type: "STRING", value: "a" }, { overwrite: true, ttlMs: 50 });
    now = 1049;
    expect(core.get("k")).toMatchObject({ kind: "found" });
    now = 1050;
    expect(core.get("k")).toEqual({ kind: "expired" });
    expect(core.list()).toEqual([]);
    expect(core.set("k", { type: "STRING", value: "b" }, { overwrite: false })).toBe("stored");
  });

  test("[K2] overwriting keeps the date of creation, unless the value had expired", () => {
    core.set("a", { type: "NUMBER", value: 1 }, { overwrite: true, ttlMs: 10, description: "first" });
    now = 1005;
    core.set("a", { type: "NUMBER", value: 2 }, { overwrite: true, ttlMs: 10 });
    expect(core.list()).toEqual([{ key: "a", description: null, createdAt: 1000, updatedAt: 1005, expiresAt: 1015 }]);
    now = 2000;
    core.set("a", { type: "NUMBER", value: 3 }, { overwrite: true });
    expect(core.list()).toMatchObject([{ createdAt: 2000, expiresAt: null }]);
  });

  test("[K3] an expired row is dropped a day later", () => {
    core.set("k", { type: "STRING", value: "a" }, { overwrite: true, ttlMs: 1 });
    now += 86_400_002;
    core.list();
    expect(core.get("k")).toEqual({ kind: "absent" });
  });

  test("deletes, and says whether there was a live value", () => {
    core.set("k", { type: "STRING", value: "a" }, { overwrite: true });
    expect(core.delete("k")).toBe(true);
    expect(core.delete("k")).toBe(false);
    core.set("k", { type: "STRING", value: "a" }, { overwrite: true, ttlMs: 1 });
    now += 1;
    expect(core.delete("k")).toBe(false);
  });

  test("refuses what no row can hold", () => {
    const value = "x".repeat(1_500_001);
    expect(() => core.set("k", { type: "STRING", value }, { overwrite: true })).toThrow(RangeError);
  });
});
