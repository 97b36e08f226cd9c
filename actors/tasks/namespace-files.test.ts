import { beforeEach, describe, expect, test } from "vitest";
import { MemoryContext } from "./memory-context.ts";
import { namespaceDeleteFiles } from "./namespace-delete-files.ts";
import { namespaceDownloadFiles } from "./namespace-download-files.ts";
import { chooseNamespaceFiles, matchesAny } from "./namespace-files.ts";
import { namespacePurgeFiles } from "./namespace-purge-files.ts";
import { namespaceUploadFiles } from "./namespace-upload-files.ts";
import { runInSandbox } from "./script-sandbox.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const listing = async (namespace: string) =>
  (namespace === "a" ? ["file1.txt", "file2.txt", "scripts/x.py", "scripts/deep/y.py"] : ["file1.txt", "other"]).map(
    (path) => ({ path, size: 1 }),
  );
const names = async (wish: unknown) => (await chooseNamespaceFiles(wish, "a", listing)).files.map(({ name }) => name);

describe("namespaceFiles", () => {
  test("gives all files of the flow's namespace, unless told otherwise", async () => {
    expect(await names({ enabled: true })).toEqual(["file1.txt", "file2.txt", "scripts/x.py", "scripts/deep/y.py"]);
    expect(await names({})).toHaveLength(4);
    expect(await names(undefined)).toEqual([]);
    expect(await names({ enabled: false })).toEqual([]);
    expect(await names({ enabled: "false", include: ["*"] })).toEqual([]);
  });

  test("include and exclude are paths, folders and patterns", async () => {
    expect(await names({ include: ["file1.txt", "/scripts/x.py"] })).toEqual(["file1.txt", "scripts/x.py"]);
    expect(await names({ exclude: ["file1.txt", "scripts/"] })).toEqual(["file2.txt"]);
    expect(await names({ include: ["scripts"], exclude: ["**/y.py"] })).toEqual(["scripts/x.py"]);
    expect(await names({ include: "*.txt" })).toEqual(["file1.txt", "file2.txt"]);
    expect(matchesAny(["**.upl"], "a/b/c.upl")).toBe(true);
  });

  test("several namespaces are laid over one another as `ifExists` says, or beside one another", async () => {
    const both = { namespaces: ["a", "b"], include: ["file1.txt"] };
    const of = async (more: object) => chooseNamespaceFiles({ ...both, ...more }, "x", listing);
    expect((await of({})).files).toMatchObject([{ namespace: "b", path: "file1.txt" }]);
    expect((await of({ ifExists: "IGNORE" })).files).toMatchObject([{ namespace: "a" }]);
    expect(await of({ ifExists: "WARN" })).toMatchObject({
      files: [{ namespace: "a" }],
      warnings: [expect.any(String)],
    });
    await expect(of({ ifExists: "FAIL" })).rejects.toThrow("file1.txt is in a and in b");
    expect((await of({ folderPerNamespace: true })).files.map(({ name }) => name)).toEqual([
      "a/file1.txt",
      "b/file1.txt",
    ]);
    await expect(of({ ifExists: "PERHAPS" })).rejects.toThrow("namespaceFiles.ifExists");
  });
});

describe("tasks with files of namespaces", () => {
  let ctx: MemoryContext;
  beforeEach(async () => {
    ctx = new MemoryContext();
    await ctx.namespaceFiles.save("company.team", [{ path: "q/a.sql", from: bytes("one") }], "OVERWRITE");
    await ctx.namespaceFiles.save("company.team", [{ path: "q/a.sql", from: bytes("two") }], "OVERWRITE");
    await ctx.namespaceFiles.save("company.team.sub", [{ path: "b", from: bytes("b") }], "OVERWRITE");
  });

  test("a script in the sandbox finds them, under what the task gives itself", async () => {
    const script = { script: "x", language: "typescript", fileName: "s.ts", env: {}, outputFiles: [] } as const;
    const more = { inputFiles: { "own.txt": "o" }, namespaceFiles: { enabled: true }, warningOnStdErr: true };
    await runInSandbox({ ...script, ...more }, ctx);
    expect(ctx.scripts[0]?.files).toEqual({ "q/a.sql": bytes("two"), "own.txt": bytes("o") });
  });

  test("upload from URIs and from the shared directory", async () => {
    const uri = await ctx.files.put("x.csv", bytes("csv"));
    const props = { namespace: "company.team", destination: "/data/", conflict: "OVERWRITE" } as const;
    const uploaded = await namespaceUploadFiles.run({ ...props, filesMap: { "/x.csv": uri, "t.txt": "text" } }, ctx);
    expect(uploaded.outputs).toEqual({
      files: {
        "/data/x.csv": "kestra:///company/team/_files/data/x.csv",
        "/data/t.txt": "kestra:///company/team/_files/data/t.txt",
      },
    });
    await expect(namespaceUploadFiles.run({ ...props, files: ["*.txt"] }, ctx)).rejects.toThrow("WorkingDirectory");
    await expect(namespaceUploadFiles.run(props, ctx)).rejects.toThrow("`files` or `filesMap`");
    ctx.place = {
      load: async () =>
        new Map([
          ["a.txt", bytes("a")],
          ["b.bin", bytes("b")],
        ]),
      save: async () => {},
    };
    const root = await namespaceUploadFiles.run({ ...props, destination: "/", files: ["*.txt"] }, ctx);
    expect(Object.keys(root.outputs?.files ?? {})).toEqual(["/a.txt"]);
    const again = { ...props, destination: "/", files: ["*.txt"] };
    expect((await namespaceUploadFiles.run({ ...again, conflict: "SKIP" }, ctx)).outputs).toEqual({ files: {} });
    await expect(namespaceUploadFiles.run({ ...again, conflict: "ERROR" }, ctx)).rejects.toThrow("already");
  });

  test("download gives copies of the execution's own", async () => {
    const { outputs } = await namespaceDownloadFiles.run(
      { namespace: "company.team", files: "q/**.sql", destination: "in" },
      ctx,
    );
    const uri = Object(outputs?.files)["/q/a.sql"] ?? "";
    expect(uri).toBe("kestra:///task/in/q/a.sql");
    expect(await ctx.files.get(uri)).toEqual(bytes("two"));
    expect(ctx.metrics).toMatchObject([{ name: "downloaded", value: 1 }]);
  });

  test("delete says what was there", async () => {
    const props = { namespace: "company.team", deleteParentFolder: false };
    const deleted = await namespaceDeleteFiles.run({ ...props, files: ["q/*", "nothing"] }, ctx);
    expect(deleted.outputs).toEqual({ files: { "/q/a.sql": "kestra:///company/team/_files/q/a.sql" } });
    expect((await namespaceDeleteFiles.run({ ...props, files: "**" }, ctx)).outputs).toEqual({ files: {} });
  });

  test("purge drops earlier revisions by number, date and pattern", async () => {
    const run = async (props: object) => {
      const given = { includeChildNamespaces: true, behavior: { type: "version", keepAmount: 1 }, ...props };
      return (await namespacePurgeFiles.run(given as never, ctx)).outputs?.size;
    };
    expect(await run({ namespaces: ["company"], filePattern: "*.md" })).toBe(0);
    expect(await run({ namespaces: ["other"] })).toBe(0);
    expect(await run({ namespaces: ["company"], behavior: { type: "version", keepAmount: 2 } })).toBe(0);
    expect(await run({ behavior: { type: "version", before: "2000-01-01T00:00:00Z" } })).toBe(0);
    expect(await run({ namespaces: ["company"], includeChildNamespaces: false })).toBe(0);
    expect(await run({ namespacePattern: "company.*" })).toBe(1);
    expect((await ctx.namespaceFiles.revisions("company.team")).map(({ revision }) => revision)).toEqual([2]);
    await expect(run({ behavior: { type: "version", before: "soon" } })).rejects.toThrow("no date");
    await expect(run({ namespaces: [], namespacePattern: "x" })).rejects.toThrow("not both");
  });
});
