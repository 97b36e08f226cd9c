import { beforeEach, describe, expect, test } from "vitest";
import type { NamespaceFiles } from "#edge/namespace-files.ts";
import { writeZip } from "#edge/zip/write-zip.ts";

export type TestedStore = {
  files: NamespaceFiles;
  /** How many contents the storage holds. */
  stored(): Promise<number>;
};

const bytes = (text: string) => new TextEncoder().encode(text);

function failing(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes(text));
    },
    pull(controller) {
      controller.error(new Error("cut"));
    },
  });
}

async function* some(given: Readonly<Record<string, string | ReadableStream<Uint8Array>>>) {
  for (const [path, body] of Object.entries(given)) yield { path, body: typeof body === "string" ? bytes(body) : body };
}

/** What every store of namespace files promises. `make` gives an empty one. */
export function namespaceFilesContract(make: () => TestedStore | Promise<TestedStore>): void {
  let store: TestedStore;
  let files: NamespaceFiles;
  beforeEach(async () => {
    store = await make();
    files = store.files;
  });

  async function read(path: string, revision?: number): Promise<string | undefined> {
    const found = await files.revision(path, revision);
    const opened = found && (await files.open(found));
    return opened ? new Response(opened.body).text() : undefined;
  }
  const names = async (folder: string) => (await files.folder(folder))?.map(({ path, kind }) => `${kind} ${path}`);
  const paths = async () => (await files.all()).map(({ path }) => path);

  describe("namespace files", () => {
    test("keeps each write as a revision, and reads any of them", async () => {
      await files.write("a/b.txt", bytes("one"));
      const changed = await files.write("a/b.txt", new Response("second").body as ReadableStream<Uint8Array>);
      expect(changed).toMatchObject({ kind: "done", files: [{ path: "a/b.txt", revision: 2, size: 6 }] });
      expect([await read("a/b.txt"), await read("a/b.txt", 1), await read("a/b.txt", 3)]).toEqual([
        "second",
        "one",
        undefined,
      ]);
      expect((await files.revisions("a/b.txt")).map(({ revision, size }) => [revision, size])).toEqual([
        [1, 3],
        [2, 6],
      ]);
      expect(await files.stat("a/b.txt")).toMatchObject({ kind: "file", size: 6, revision: 2 });
      expect(await files.stat("a")).toMatchObject({ kind: "folder" });
      expect(await files.stat("nothing")).toBeUndefined();
    });

    test("reads a part", async () => {
      await files.write("n", bytes("0123456789"));
      const found = await files.revision("n");
      const part = found && (await files.open(found, { offset: 2, length: 3 }));
      expect(part && (await new Response(part.body).text())).toBe("234");
    });

    test("lists a folder alone, empty ones too", async () => {
      for (const path of ["a/b/c", "a/d", "ab", "ä/🦅/x"]) await files.write(path, bytes(path));
      expect(await files.makeFolder("e/f")).toMatchObject({ kind: "done" });
      expect(await names("")).toEqual(["folder a", "file ab", "folder e", "folder ä"]);
      expect(await names("a")).toEqual(["folder a/b", "file a/d"]);
      expect(await names("ä/🦅")).toEqual(["file ä/🦅/x"]);
      expect(await names("e/f")).toEqual([]);
      expect(await names("ab")).toBeUndefined();
      expect(await names("nothing")).toBeUndefined();
      expect(await paths()).toEqual(["a/b/c", "a/d", "ab", "ä/🦅/x"]);
    });

    test("moves files and folders with their revisions, over nothing that is there", async () => {
      await files.write("old/🦅/x.py", bytes("1"));
      await files.write("old/🦅/x.py", bytes("2"));
      await files.write("old/y", bytes("y"));
      await files.write("older", bytes("stays"));
      expect(await files.move("old", "new/place")).toMatchObject({ kind: "done" });
      expect(await paths()).toEqual(["new/place/y", "new/place/🦅/x.py", "older"]);
      expect([await read("new/place/🦅/x.py", 1), await read("new/place/🦅/x.py")]).toEqual(["1", "2"]);
      expect(await files.move("new/place/y", "older")).toEqual({ kind: "exists", path: "older" });
      expect(await files.move("new", "new/in")).toEqual({ kind: "inside", path: "new/in" });
      expect(await files.move("new/place/y", "older/in")).toEqual({ kind: "blocked", path: "older" });
      expect(await files.move("nothing", "x")).toEqual({ kind: "absent", path: "nothing" });
      expect(await paths()).toEqual(["new/place/y", "new/place/🦅/x.py", "older"]);
    });

    test("removes files, folders, and folders that are left empty, with all contents", async () => {
      for (const path of ["a/b/c", "a/b/d", "e/f/g", "h"]) await files.write(path, bytes(path));
      await files.write("h", bytes("again"));
      expect((await files.remove(["a/b", "e/f/g"])).map(({ path }) => path)).toEqual(["a/b/c", "a/b/d", "e/f/g"]);
      expect(await names("")).toEqual(["file h"]);
      expect(await store.stored()).toBe(2);
      expect(await files.remove(["nothing"])).toEqual([]);
      await files.remove(["h"]);
      expect(await store.stored()).toBe(0);
    });

    test("a file is no folder and a folder no file", async () => {
      await files.write("a", bytes("x"));
      expect(await files.write("a/b", bytes("x"))).toEqual({ kind: "blocked", path: "a" });
      expect(await files.makeFolder("a/b")).toEqual({ kind: "blocked", path: "a" });
      expect(await files.makeFolder("f")).toMatchObject({ kind: "done" });
      expect(await files.makeFolder("f")).toEqual({ kind: "exists", path: "f" });
      expect(await files.write("f", bytes("x"))).toEqual({ kind: "blocked", path: "f" });
      expect(await files.writeAll(some({ x: "1", "x/y": "2" }))).toEqual({ kind: "blocked", path: "x" });
      expect(await store.stored()).toBe(1);
    });

    test("a conflict is overwritten, refused or skipped", async () => {
      await files.write("a", bytes("first"));
      expect(await files.write("a", bytes("x"), "ERROR")).toEqual({ kind: "exists", path: "a" });
      expect(await files.write("a", bytes("x"), "SKIP")).toEqual({ kind: "done", files: [] });
      expect(await read("a")).toBe("first");
      expect(await store.stored()).toBe(1);
    });

    test("[P1] a write that fails changes nothing and leaves nothing", async () => {
      await files.write("a", bytes("first"));
      await expect(files.write("a", failing("half"))).rejects.toThrow("cut");
      await expect(files.writeAll(some({ b: "whole", c: failing("half") }))).rejects.toThrow("cut");
      expect([await read("a"), await paths(), await store.stored()]).toEqual(["first", ["a"], 1]);
    });

    test("[P3] a zip is taken as a whole, and not kept itself", async () => {
      const zip = writeZip(
        ["x/1.txt", "x/2.txt"].map((name) => ({ name, modifiedAt: 0, bytes: new Response(name).body as never })),
      );
      const changed = await files.importZip(zip, async ({ name }) => `in/${name}`);
      expect(changed).toMatchObject({ kind: "done" });
      expect([await paths(), await read("in/x/2.txt"), await store.stored()]).toEqual([
        ["in/x/1.txt", "in/x/2.txt"],
        "x/2.txt",
        2,
      ]);
      await expect(files.importZip(new Response("no zip").body as never, async () => "x")).rejects.toThrow(
        "Invalid zip",
      );
      expect(await store.stored()).toBe(2);
    });

    test("drops earlier revisions and never the last", async () => {
      for (const text of ["1", "2", "3"]) await files.write("a", bytes(text));
      const dropped = await files.dropRevisions([1, 3, 9].map((revision) => ({ path: "a", revision })));
      expect(dropped).toBe(1);
      expect((await files.revisions()).map(({ revision }) => revision)).toEqual([2, 3]);
      expect([await read("a"), await store.stored()]).toEqual(["3", 2]);
    });

    test("[P2] who reads a revision reads all of it, whatever is written meanwhile", async () => {
      await files.write("a", bytes("first"));
      const found = await files.revision("a");
      await files.write("a", bytes("second"));
      const opened = found && (await files.open(found));
      expect(opened && (await new Response(opened.body).text())).toBe("first");
    });
  });
}
