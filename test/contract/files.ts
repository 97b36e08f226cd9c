import { beforeEach, describe, expect, test } from "vitest";
import { type FilePath, filePath } from "#edge/ports/file-path.ts";
import type { Files } from "#edge/ports/files.ts";

function at(...segments: string[]): FilePath {
  const path = filePath(["main", ...segments]);
  if (path === undefined) throw new Error("not a plain path");
  return path;
}

function streamOf(chunks: readonly string[], failure?: Error): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next !== undefined) controller.enqueue(new TextEncoder().encode(next));
      else if (failure) controller.error(failure);
      else controller.close();
    },
  });
}

/** What every internal storage promises. `make` gives an empty one. */
export function filesContract(make: () => Files | Promise<Files>): void {
  let files: Files;
  beforeEach(async () => {
    files = await make();
  });

  async function read(path: FilePath, range?: { offset: number; length?: number }): Promise<string | null> {
    const file = await files.get(path, range);
    return file && new Response(file.body).text();
  }

  describe("files", () => {
    test("[P2] gives back what was put, bytes and streams, and replaces", async () => {
      const path = at("a", "b", "c.txt");
      expect(await files.get(path)).toBeNull();
      expect(await files.head(path)).toBeNull();
      await files.put(path, new TextEncoder().encode("first"));
      expect(await read(path)).toBe("first");
      await files.put(path, streamOf(["sec", "ond one"]));
      expect(await read(path)).toBe("second one");
      expect(await files.head(path)).toMatchObject({ size: 10 });
      await files.put(path, streamOf([]), 0);
      expect(await files.head(path)).toMatchObject({ size: 0 });
      expect(await read(path)).toBe("");
    });

    test("[P3] ranges", async () => {
      const path = at("range.txt");
      await files.put(path, new TextEncoder().encode("0123456789"));
      expect(await read(path, { offset: 2, length: 3 })).toBe("234");
      expect(await read(path, { offset: 8 })).toBe("89");
      expect(await read(path, { offset: 8, length: 100 })).toBe("89");
      expect(await read(path, { offset: 10 })).toBe("");
      const part = await files.get(path, { offset: 2, length: 3 });
      await part?.body.cancel();
      expect(part).toMatchObject({ size: 10 });
    });

    test("[P1] a body that fails leaves no part of itself", async () => {
      const path = at("cut.txt");
      await expect(files.put(path, streamOf(["half"], new Error("cut")))).rejects.toThrow("cut");
      expect(await read(path)).toBeNull();
      await expect(files.put(path, streamOf(["short"]), 10)).rejects.toThrow(/bytes/);
      expect(await read(path)).toBeNull();
    });

    test("names of any kind", async () => {
      const names = [".env", "..a", "~x", "~.y", "ä ö%2F?#&+.csv", "a:b", "%2e%2e", "CON", "-", "a..b"];
      for (const name of names) await files.put(at("odd", name), new TextEncoder().encode(name));
      for (const name of names) expect(await read(at("odd", name))).toBe(name);
      expect(await files.list(at("odd"))).toEqual(names.map((name) => at("odd", name)).sort());
    });

    test("lists a folder at any depth, and nothing beside it", async () => {
      for (const path of [at("f", "b"), at("f", "a", "1"), at("f", "a", "2"), at("fo", "c")]) {
        await files.put(path, new Uint8Array([1]));
      }
      expect(await files.list(at("f"))).toEqual([at("f", "a", "1"), at("f", "a", "2"), at("f", "b")]);
      expect(await files.list(at("nothing"))).toEqual([]);
      expect(await files.list(at("f", "b"))).toEqual([]);
    });

    test("[P4] deletes one, a folder, and what is not there", async () => {
      for (const path of [at("f", "a"), at("f", "b", "c"), at("fo")]) await files.put(path, new Uint8Array([1]));
      await files.delete(at("f", "a"));
      await files.delete(at("f", "a"));
      expect(await files.list(at("f"))).toEqual([at("f", "b", "c")]);
      await files.deleteFolder(at("f"));
      await files.deleteFolder(at("f"));
      expect(await files.list(at("f"))).toEqual([]);
      expect(await files.head(at("fo"))).not.toBeNull();
    });

    test("[P3] says when a file was put, and its size in pages too", async () => {
      const before = Date.now() - 2_000;
      await files.put(at("m", "x"), new TextEncoder().encode("abc"));
      const head = await files.head(at("m", "x"));
      expect(head?.size).toBe(3);
      expect(head?.modifiedAt).toBeGreaterThanOrEqual(before);
      expect(await files.page("", 10)).toEqual([{ path: at("m", "x"), ...head }]);
    });

    test("[P5] pages show each file once, however short they are", async () => {
      const paths = [at("p", "a", "1"), at("p", "a-b"), at("p", "a.c", "x"), at("p", ".hidden"), at("p", "b")];
      for (const path of paths) await files.put(path, new Uint8Array([1]));
      for (const limit of [1, 2, 100]) {
        const seen: string[] = [];
        for (let after = ""; ; ) {
          const page = await files.page(after, limit);
          expect(page.length).toBeLessThanOrEqual(limit);
          seen.push(...page.map(({ path }) => path));
          const last = page.at(-1);
          if (last === undefined) break;
          after = last.path;
          // What is deleted meanwhile is not missed by what follows.
          if (limit === 1) await files.delete(last.path);
        }
        expect(seen.sort()).toEqual([...paths].sort());
        for (const path of paths) await files.put(path, new Uint8Array([1]));
      }
    });

    test("a folder is no file", async () => {
      await files.put(at("d", "x"), new Uint8Array([1]));
      expect(await files.head(at("d"))).toBeNull();
      expect(await files.get(at("d"))).toBeNull();
    });

    test("a body of more than one block", async () => {
      const path = at("large.bin");
      const chunk = "x".repeat(1_000_000);
      await files.put(path, streamOf(Array.from({ length: 17 }, () => chunk)));
      expect(await files.head(path)).toMatchObject({ size: 17_000_000 });
      await expect(
        files.put(
          at("large-cut.bin"),
          streamOf(
            Array.from({ length: 17 }, () => chunk),
            new Error("cut"),
          ),
        ),
      ).rejects.toThrow("cut");
      expect(await files.head(at("large-cut.bin"))).toBeNull();
    });
  });
}
