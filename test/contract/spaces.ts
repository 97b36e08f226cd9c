import { beforeEach, describe, expect, test } from "vitest";
import type { SealedSecret, SpacesRpc } from "#actors/namespace/namespace-rpc.ts";

/** What namespaces, what they say and their secrets promise. `make` gives those of a tenant that has none. */
export function spacesContract(make: () => SpacesRpc | Promise<SpacesRpc>): void {
  let spaces: SpacesRpc;
  beforeEach(async () => {
    spaces = await make();
  });
  const secret = (namespace: string, key: string, sealed = "v1.old.text"): SealedSecret => ({ namespace, key, sealed });
  const page = { q: "", page: 1, size: 10 };

  describe("namespaces", () => {
    test("are created once, changed where they are, and removed once", async () => {
      expect(await spaces.saveSpace("a.b", { description: "d" }, "update")).toBe("absent");
      expect(await spaces.saveSpace("a.b", { description: "d" }, "create")).toBe("saved");
      expect(await spaces.saveSpace("a.b", {}, "create")).toBe("exists");
      expect(await spaces.getSpace("a.b")).toEqual({ id: "a.b", description: "d" });
      expect(await spaces.saveSpace("a.b", { variables: { x: { y: [1, null] } } }, "update")).toBe("saved");
      expect(await spaces.getSpace("a.b")).toEqual({ id: "a.b", variables: { x: { y: [1, null] } } });
      expect([await spaces.removeSpace("a.b"), await spaces.removeSpace("a.b")]).toEqual([true, false]);
      expect(await spaces.getSpace("a.b")).toBeNull();
    });

    test("[N1] a namespace is told with its parents, the nearest first, and once for each version", async () => {
      for (const id of ["a", "a.b.c", "a.bc", "x"]) await spaces.saveSpace(id, { description: id }, "create");
      const { version, spaces: chain } = await spaces.spacesOf("a.b.c");
      expect(chain?.map(({ id }) => id)).toEqual(["a.b.c", "a"]);
      expect(await spaces.spacesOf("a.b.c", version)).toEqual({ version });
      await spaces.saveSpace("x", {}, "update");
      expect((await spaces.spacesOf("a.b.c", version)).version).toBeGreaterThan(version);
    });

    test("one that is only noted says nothing, and can still be created", async () => {
      await spaces.noteSpace("n");
      await spaces.noteSpace("n");
      expect(await spaces.getSpace("n")).toBeNull();
      expect(await spaces.listSpaces()).toEqual([{ id: "n", explicit: false }]);
      expect(await spaces.saveSpace("n", { description: "d" }, "create")).toBe("saved");
      await spaces.noteSpace("n");
      expect(await spaces.listSpaces()).toEqual([{ id: "n", explicit: true, description: "d" }]);
    });
  });

  describe("secrets", () => {
    test("the nearest namespace that has one of the name gives it", async () => {
      await spaces.saveSecret(secret("a", "K", "of a"));
      await spaces.saveSecret(secret("a.b", "K", "of a.b"));
      expect(await spaces.findSecret(["a.b", "a"], "K")).toMatchObject({ sealed: "of a.b" });
      expect(await spaces.findSecret(["a.c", "a"], "K")).toMatchObject({ sealed: "of a" });
      expect(await spaces.findSecret(["a.b", "a"], "k")).toBeNull();
    });

    test("[N2] are listed without what is sealed in them", async () => {
      const tags = [{ key: "team", value: "red" }];
      await spaces.saveSecret({ ...secret("a", "TOKEN"), description: "of the API", tags });
      await spaces.saveSecret(secret("b", "OTHER"));
      const all = await spaces.searchSecrets(page);
      expect(all.results.map(({ namespace, key }) => `${namespace}/${key}`)).toEqual(["a/TOKEN", "b/OTHER"]);
      expect(JSON.stringify(all)).not.toContain("v1.old");
      const found = await spaces.searchSecrets({ ...page, namespaces: ["a"], q: "api" });
      expect(found).toMatchObject({ total: 1, results: [{ key: "TOKEN", description: "of the API", tags }] });
      expect(await spaces.searchSecrets({ ...page, page: 2, size: 1 })).toMatchObject({
        total: 2,
        results: [{ key: "OTHER" }],
      });
    });

    test("what is said of one changes alone, and it goes once", async () => {
      await spaces.saveSecret({ ...secret("a", "K"), description: "d", tags: [{ key: "t", value: "1" }] });
      expect(await spaces.describeSecret("a", "K", { tags: [] })).toBe(true);
      expect(await spaces.searchSecrets(page)).toMatchObject({ results: [{ description: "d", tags: [] }] });
      expect(await spaces.describeSecret("a", "none", {})).toBe(false);
      expect([await spaces.removeSecret("a", "K"), await spaces.removeSecret("a", "K")]).toEqual([true, false]);
    });

    test("those of a namespace go with it", async () => {
      await spaces.saveSpace("a", {}, "create");
      await spaces.saveSecret(secret("a", "K"));
      await spaces.saveSecret(secret("a.b", "K"));
      await spaces.removeSpace("a");
      expect((await spaces.searchSecrets(page)).results).toMatchObject([{ namespace: "a.b" }]);
    });

    test("[N3] a change of keys finds what another key sealed, and leaves what has changed meanwhile", async () => {
      await spaces.saveSecret(secret("a", "OLD", "v1.old.x"));
      await spaces.saveSecret(secret("a", "NEW", "v1.new.old.y"));
      await spaces.saveSecret(secret("b", "LATE", "v1.old.z"));
      const stale = await spaces.staleSecrets("new", 10);
      expect(stale.map(({ key }) => key)).toEqual(["OLD", "LATE"]);
      expect(await spaces.staleSecrets("new", 1)).toHaveLength(1);
      await spaces.saveSecret(secret("b", "LATE", "v1.new.written"));
      const [first, second] = stale;
      if (!first || !second) throw new Error("nothing to seal anew");
      expect(await spaces.resealSecret(first, "v1.new.x")).toBe(true);
      expect(await spaces.resealSecret(second, "v1.new.lost")).toBe(false);
      expect(await spaces.findSecret(["b"], "LATE")).toMatchObject({ sealed: "v1.new.written" });
      expect(await spaces.staleSecrets("new", 10)).toEqual([]);
    });
  });
}
