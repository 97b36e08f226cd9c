import { beforeEach, describe, expect, test } from "vitest";
import { type KeyValueRpc, type KvSearch, MAX_KV_BYTES } from "#actors/namespace/namespace-rpc.ts";
import type { KvValue } from "#schema/kv.ts";

/** The pairs of an empty namespace, with the clock it lives by. */
export type KeyValueRig = { values: KeyValueRpc; pass: (ms: number) => void | Promise<void>; now: () => number };

const DAY = 86_400_000;
const text = (value: string): KvValue => ({ type: "STRING", value });
const search = (more: Partial<KvSearch> = {}): KvSearch => ({
  q: "",
  page: 1,
  size: 10,
  sort: { field: "key", descending: false },
  ...more,
});

/** What the key-value pairs of a namespace promise. */
export function keyValueContract(make: () => KeyValueRig | Promise<KeyValueRig>): void {
  let rig: KeyValueRig;
  let values: KeyValueRpc;
  beforeEach(async () => {
    rig = await make();
    values = rig.values;
  });
  const keep = { overwrite: true };

  describe("values", () => {
    test.each<KvValue>([
      text(""),
      text("ä\0\n🔑"),
      { type: "NUMBER", value: -1.5e300 },
      { type: "BOOLEAN", value: false },
      { type: "DATETIME", value: "2024-05-05T08:00:00Z" },
      { type: "DATE", value: "2024-05-05" },
      { type: "DURATION", value: "P1DT2H" },
      { type: "JSON", value: { a: [1, "x", null, { b: {} }], "": true } },
    ])("$type $value comes back as it was", async (value) => {
      expect(await values.setValue("k", value, keep)).toBe("stored");
      expect(await values.getValue("k")).toEqual({ kind: "found", ...value, version: 1, updatedAt: rig.now() });
      expect(await values.getValue("K")).toEqual({ kind: "absent" });
    });

    test("without overwriting a live value stays", async () => {
      expect(await values.setValue("k", text("a"), { overwrite: false })).toBe("stored");
      expect(await values.setValue("k", text("b"), { overwrite: false })).toBe("exists");
      expect(await values.getValue("k")).toMatchObject({ value: "a", version: 1 });
    });

    test("of two that claim a key at the same time, one has it", async () => {
      const claims = ["a", "b", "c", "d"].map((name) => values.setValue("k", text(name), { overwrite: false }));
      expect((await Promise.all(claims)).sort()).toEqual(["exists", "exists", "exists", "stored"]);
    });

    test("the longest that is taken is kept whole; what is longer is refused, counted in bytes, and changes nothing", async () => {
      const longest = "ä".repeat((MAX_KV_BYTES - 2) / 2);
      expect(await values.setValue("k", text(longest), keep)).toBe("stored");
      expect(await values.setValue("k", text(`${longest}x`), keep)).toBe("too-large");
      expect(await values.getValue("k")).toMatchObject({ value: longest });
    });

    test("deletes, and says what there was", async () => {
      await values.setValue("a", text("1"), keep);
      await values.setValue("gone", text("1"), { ...keep, ttlMs: 1 });
      await rig.pass(1);
      expect(await values.deleteValues(["a", "b", "gone"])).toEqual(["a"]);
      expect(await values.deleteValues(["a", "gone"])).toEqual([]);
      expect(await values.getValue("gone")).toEqual({ kind: "absent" });
    });
  });

  describe("time to live", () => {
    test("[K1] a value past it is gone for reads, lists and writes", async () => {
      await values.setValue("k", text("a"), { ...keep, ttlMs: 50 });
      await rig.pass(49);
      expect(await values.getValue("k")).toMatchObject({ kind: "found" });
      await rig.pass(1);
      expect(await values.getValue("k")).toEqual({ kind: "expired" });
      expect([await values.listValues(), (await values.searchValues(search())).total]).toEqual([[], 0]);
      expect((await values.listValues({ expired: true })).map(({ key }) => key)).toEqual(["k"]);
      expect(await values.setValue("k", text("b"), { overwrite: false })).toBe("stored");
    });

    test("[K2] overwriting keeps the date of creation, unless the value had expired", async () => {
      const begun = rig.now();
      await values.setValue("a", { type: "NUMBER", value: 1 }, { ...keep, ttlMs: 10, description: "first" });
      await rig.pass(5);
      await values.setValue("a", { type: "NUMBER", value: 2 }, { ...keep, ttlMs: 10 });
      const entry = { key: "a", type: "NUMBER", description: null, createdAt: begun, updatedAt: begun + 5 };
      expect(await values.listValues()).toEqual([{ ...entry, expiresAt: begun + 15, version: 2 }]);
      await rig.pass(100);
      await values.setValue("a", { type: "NUMBER", value: 3 }, keep);
      expect(await values.listValues()).toMatchObject([{ createdAt: begun + 105, expiresAt: null, version: 1 }]);
    });

    test("[K3] that a value has expired is told for a day, then it was never there", async () => {
      await values.setValue("k", text("a"), { ...keep, ttlMs: 1 });
      await rig.pass(DAY);
      expect(await values.getValue("k")).toEqual({ kind: "expired" });
      await rig.pass(2);
      expect(await values.getValue("k")).toEqual({ kind: "absent" });
    });

    test("purging takes out what has expired, and a value that came since stays", async () => {
      for (const key of ["a", "b"]) await values.setValue(key, text("1"), { ...keep, ttlMs: 1 });
      await values.setValue("c", text("1"), keep);
      await rig.pass(1);
      await values.setValue("b", text("2"), keep);
      expect(await values.purgeValues(["a", "b", "c", "none"], true)).toBe(1);
      expect((await values.listValues()).map(({ key }) => key)).toEqual(["b", "c"]);
      expect(await values.purgeValues(["b", "c"], false)).toBe(2);
    });
  });

  describe("lists", () => {
    test("a page is found by a part of the key or description, in the order asked for", async () => {
      for (const [index, key] of ["delta", "alpha", "Charlie", "bravo"].entries()) {
        await values.setValue(key, text(key), { ...keep, ...(index % 2 ? { description: "Every SECOND one" } : {}) });
        await rig.pass(1);
      }
      const keys = async (more: Partial<KvSearch>) => {
        const { results, total } = await values.searchValues(search(more));
        return [results.map(({ key }) => key).join(), total];
      };
      expect(await keys({})).toEqual(["Charlie,alpha,bravo,delta", 4]);
      expect(await keys({ size: 2, page: 2 })).toEqual(["bravo,delta", 4]);
      expect(await keys({ size: 2, page: 3 })).toEqual(["", 4]);
      expect(await keys({ q: "HA" })).toEqual(["Charlie,alpha", 2]);
      expect(await keys({ q: "second" })).toEqual(["alpha,bravo", 2]);
      expect(await keys({ q: "%" })).toEqual(["", 0]);
      expect(await keys({ sort: { field: "updateDate", descending: true } })).toEqual(["bravo,Charlie,alpha,delta", 4]);
    });
  });

  describe("history", () => {
    test("[K5] has what the key held, the newest first, and ends when the key is deleted", async () => {
      for (const value of ["a", "b", "c"]) await values.setValue("k", text(value), keep);
      await values.setValue("k", { type: "NUMBER", value: 4 }, keep);
      const held = (await values.valueHistory("k")).map(({ version, value, type }) => [version, value, type]);
      const before = ["c", "b", "a"].map((value, index) => [3 - index, value, "STRING"]);
      expect(held).toEqual([[4, 4, "NUMBER"], ...before]);
      await values.deleteValues(["k"]);
      expect(await values.valueHistory("k")).toEqual([]);
      await values.setValue("k", text("new"), keep);
      expect(await values.valueHistory("k")).toMatchObject([{ version: 1, value: "new" }]);
    });

    test("[K5] is bounded in number and in size", async () => {
      for (let index = 1; index <= 30; index++) await values.setValue("k", { type: "NUMBER", value: index }, keep);
      const versions = await values.valueHistory("k");
      expect([versions.length, versions[0]?.value, versions.at(-1)?.value]).toEqual([20, 30, 11]);
      for (let index = 1; index <= 4; index++) await values.setValue("k", text("x".repeat(400_000)), keep);
      expect(await values.valueHistory("k")).toHaveLength(3);
    });
  });
}
