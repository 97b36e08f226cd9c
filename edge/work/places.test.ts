import { beforeEach, describe, expect, test } from "vitest";
import { encodeUtf8 } from "#schema/bytes.ts";
import type { PlaceContents } from "#shell/world.ts";
import { type FilePath, filePath, parseFileUri } from "../ports/file-path.ts";
import type { Files } from "../ports/files.ts";
import { createMemoryFiles } from "../ports/files-memory.ts";
import { closePlace, openPlace, type PlaceWorld, readManifest, removePlace } from "./places.ts";

const OWNER = { taskId: "dir", taskRunId: "run-1" };
const asker = (executionId: string) => ({
  tenant: "main",
  namespace: "company.team",
  flowId: "flow",
  executionId,
  trigger: undefined,
});
const FIRST = asker("0000000000000000000000");
const SECOND = asker("1111111111111111111111");
const HOUR = 3_600_000;

describe("directories that tasks share", () => {
  let files: Files;
  let now: number;
  let world: PlaceWorld;
  beforeEach(async () => {
    now = 1_000_000;
    files = createMemoryFiles(() => now);
    const listed = ["lib/a.py", "lib/b.py", "readme.md"];
    for (const path of listed) await files.put(at(`company/team/_files/${path}`), encodeUtf8(`namespace ${path}`));
    world = { files, now: () => now, listNamespace: async () => listed.map((path) => ({ path, size: 18 })) };
  });

  function at(path: string): FilePath {
    const found = filePath(["main", ...path.split("/")]);
    if (found === undefined) throw new Error(`${path} is not plain`);
    return found;
  }

  async function open(who: typeof FIRST, contents: PlaceContents) {
    const opened = await openPlace(world, who, { ...OWNER, opened: "0:1" }, contents);
    if (!opened.ok) throw new Error(opened.message);
    const { files: entries } = await readManifest(files, who, opened.manifest);
    const texts = entries.map(async ({ name, uri }) => {
      const path = parseFileUri("main", uri);
      const found = path && (await files.get(path));
      return [name, found ? await new Response(found.body).text() : null] as const;
    });
    return { manifest: opened.manifest, texts: Object.fromEntries(await Promise.all(texts)) };
  }

  test("begin with the namespace's files that are included and not excluded; what the task gives wins", async () => {
    const { texts } = await open(FIRST, {
      files: { "readme.md": "own", "x.txt": "x" },
      namespaceFiles: { enabled: true, include: ["lib", "*.md"], exclude: ["lib/b.py"] },
    });
    expect(texts).toEqual({ "lib/a.py": "namespace lib/a.py", "readme.md": "own", "x.txt": "x" });
    expect((await open(FIRST, { files: {}, namespaceFiles: { enabled: false } })).texts).toEqual({});
    expect(await openPlace(world, FIRST, OWNER, { files: {}, namespaceFiles: { include: 5 } })).toMatchObject({
      ok: false,
    });
  });

  test("leave a cache to the next execution, which its time to live ends", async () => {
    const cache = { patterns: ["deps/**"], ttlMs: HOUR };
    const { manifest, texts } = await open(FIRST, { files: { "deps/one": "1", "work.txt": "w" }, cache });
    expect(Object.keys(texts)).toEqual(["deps/one", "work.txt"]);
    await closePlace(world, FIRST, OWNER, manifest, { patterns: [], cache });
    await removePlace(files, FIRST, [{ ...OWNER, opened: "0:1" }]);

    expect((await open(SECOND, { files: { "own.txt": "o" }, cache })).texts).toEqual({
      "deps/one": "1",
      "own.txt": "o",
    });
    expect((await open(SECOND, { files: { "deps/one": "2" }, cache })).texts).toEqual({ "deps/one": "2" });
    expect((await open(SECOND, { files: {} })).texts).toEqual({});
    now += HOUR + 1;
    expect((await open(SECOND, { files: {}, cache })).texts).toEqual({});
  });

  test("[C1] [C3] the cache is written again when it changed, and holds nothing it does not name", async () => {
    const cache = { patterns: ["*"] };
    const closing = async (who: typeof FIRST, given: Record<string, string>) => {
      const { manifest } = await open(who, { files: given, cache });
      expect(await closePlace(world, who, OWNER, manifest, { patterns: [], cache })).toMatchObject({ ok: true });
      return files.list(at("company/team/flow/dir/cache"));
    };
    const first = await closing(FIRST, { a: "1", b: "2" });
    expect(first).toHaveLength(3);
    const dates = async () => (await files.head(at("company/team/flow/dir/cache/list.json")))?.modifiedAt;
    now += 5;
    expect(await closing(SECOND, {})).toEqual(first);
    expect(await dates()).toBe(now - 5);
    expect(await closing(SECOND, { a: "changed" })).toHaveLength(3);
    expect(await dates()).toBe(now);
  });

  test("[C2] a cache of which a file is gone is none", async () => {
    const cache = { patterns: ["*"] };
    const { manifest } = await open(FIRST, { files: { a: "1" }, cache });
    await closePlace(world, FIRST, OWNER, manifest, { patterns: [], cache });
    for (const path of await files.list(at("company/team/flow/dir/cache")))
      if (!path.endsWith("list.json")) await files.delete(path);
    expect((await open(SECOND, { files: {}, cache })).texts).toEqual({});
  });

  test("the turns of a loop have a cache each", async () => {
    const cache = { patterns: ["*"] };
    const { manifest } = await open(FIRST, { files: { a: "1" }, cache });
    await closePlace(world, FIRST, { ...OWNER, value: "x/../y" }, manifest, { patterns: [], cache });
    expect((await open(SECOND, { files: {}, cache })).texts).toEqual({});
    const opened = await openPlace(world, SECOND, { ...OWNER, opened: "0:2", value: "x/../y" }, { files: {}, cache });
    expect(opened).toMatchObject({ ok: true, manifest: expect.any(String) });
  });
});
