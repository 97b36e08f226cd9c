import { beforeEach, describe, expect, test } from "vitest";
import { decodeText, encodeUtf8 } from "#schema/bytes.ts";
import type { JsonObject } from "#schema/json.ts";
import type { SharedPlace } from "./define.ts";
import { matchesGlob } from "./glob.ts";
import { MemoryContext } from "./memory-context.ts";
import { registry } from "./registry.ts";
import { runTask } from "./run-definition.ts";

const Node = registry.task("io.kestra.plugin.scripts.node.Script")!;
const Deno = registry.task("io.kestra.plugin.scripts.deno.Script")!;

let ctx: MemoryContext;
beforeEach(() => {
  ctx = new MemoryContext();
});

/** A shared directory in memory. */
function sharedPlace(files: Record<string, string>): SharedPlace & { shown(): Record<string, string> } {
  const held = new Map(Object.entries(files).map(([name, text]) => [name, encodeUtf8(text)]));
  return {
    load: async () => new Map(held),
    async save(changed, removed) {
      for (const name of removed) held.delete(name);
      for (const [name, content] of Object.entries(changed)) held.set(name, content);
    },
    shown: () => Object.fromEntries([...held].map(([name, content]) => [name, decodeText(content)])),
  };
}

describe("in a directory that tasks share", () => {
  test("a script sees its files, and leaves what it was given, wrote and removed, even when it fails", async () => {
    const place = sharedPlace({ "a.txt": "a", "b.txt": "b" });
    ctx.place = place;
    ctx.outcome = { ...ctx.outcome, exitCode: 1, files: { "c.txt": encodeUtf8("c") }, removed: ["b.txt", "d.txt"] };
    await runTask(Deno, { script: "x", inputFiles: { "a.txt": "new", "d.txt": "d", "e.txt": "e" } }, ctx);
    const [call] = ctx.scripts;
    expect(Object.keys(call?.files ?? {}).sort()).toEqual(["a.txt", "b.txt", "d.txt", "e.txt"]);
    expect(decodeText(call?.files["a.txt"] ?? new Uint8Array())).toBe("new");
    expect(place.shown()).toEqual({ "a.txt": "new", "c.txt": "c", "e.txt": "e" });
  });

  test("LocalFiles puts files in and keeps those that match", async () => {
    const place = sharedPlace({ "a.txt": "a", "b.csv": "b" });
    ctx.place = place;
    const LocalFiles = registry.task("io.kestra.core.tasks.storages.LocalFiles")!;
    const result = await runTask(LocalFiles, { inputs: { "n.txt": "{{ 1 + 1 }}" }, outputs: ["*.txt"] }, ctx);
    expect(place.shown()).toEqual({ "a.txt": "a", "b.csv": "b", "n.txt": "2" });
    expect(result.outputs).toEqual({ uris: { "a.txt": "kestra:///task/a.txt", "n.txt": "kestra:///task/n.txt" } });
  });
});

describe("a script in the sandbox", () => {
  test("gets its rendered text, environment and files", async () => {
    ctx.stored.set("kestra:///in/a.csv", encodeUtf8("1,2"));
    const properties = {
      script: "run({{ 1 + 1 }})",
      env: { A: "{{ 3 }}", B: 4 },
      inputFiles: { "a.txt": "hi {{ 5 }}", "b/c.csv": "kestra:///in/a.csv", "d.json": { e: 1 }, none: null },
    };
    await runTask(Deno, properties, ctx);
    const [call] = ctx.scripts;
    expect(call).toMatchObject({ source: "run(2)", language: "typescript", env: { A: "3", B: "4" } });
    const files = Object.entries(call!.files).map(([name, body]) => [name, decodeText(body)]);
    expect(Object.fromEntries(files)).toEqual({ "a.txt": "hi 5", "b/c.csv": "1,2", "d.json": '{"e":1}' });
  });

  test("reads a stored file that its text names under the file's own name", async () => {
    ctx.stored.set("kestra:///in/a.csv", encodeUtf8("1,2"));
    await runTask(Node, { script: "read('{{ file }}'); read('{{ file }}')" }, ctx, { file: "kestra:///in/a.csv" });
    expect(ctx.scripts[0]).toMatchObject({ source: "read('a.csv'); read('a.csv')", language: "javascript" });
    expect(Object.keys(ctx.scripts[0]!.files)).toEqual(["a.csv"]);
  });

  test("gives back outputs, exit code, metrics and the files that match", async () => {
    ctx.outcome = {
      exitCode: 0,
      outputs: { a: 1 },
      metrics: [{ name: "m", type: "counter", value: 1 }],
      files: { "out/a.csv": encodeUtf8("x"), "b.txt": encodeUtf8("y") },
      stderrLines: 0,
    };
    expect(await runTask(Node, { script: "x", outputFiles: ["**/*.csv"] }, ctx)).toEqual({
      outputs: { vars: { a: 1 }, exitCode: 0, outputFiles: { "out/a.csv": "kestra:///task/out/a.csv" } },
    });
    expect(ctx.metrics).toEqual(ctx.outcome.metrics);
  });

  test("fails with its exit code, outputs kept", async () => {
    ctx.outcome = { ...ctx.outcome, exitCode: 3, outputs: { a: 1 }, error: "boom" };
    expect(await runTask(Node, { script: "x" }, ctx)).toEqual({
      state: "FAILED",
      error: "Command failed with exit code 3: boom",
      outputs: { vars: { a: 1 }, exitCode: 3, outputFiles: {} },
    });
  });

  test("ends WARNING after output on stderr, unless told otherwise", async () => {
    ctx.outcome = { ...ctx.outcome, stderrLines: 1 };
    expect(await runTask(Node, { script: "x" }, ctx)).toMatchObject({ state: "WARNING" });
    expect((await runTask(Node, { script: "x", warningOnStdErr: false }, ctx)).state).toBeUndefined();
  });

  test.each(["/etc/passwd", "../a", "a/../../b", "./a", ""])("refuses a file named %j", async (name) => {
    await expect(runTask(Node, { script: "x", inputFiles: { [name]: "a" } }, ctx)).rejects.toThrow("relative path");
    expect(ctx.scripts).toEqual([]);
  });
});

describe("a script is placed", () => {
  test.each<[string, JsonObject, string]>([
    ["in the sandbox by itself", {}, "sandbox"],
    ["on an agent for an image", { containerImage: "node" }, "agent"],
    ["on an agent for commands before it", { beforeCommands: ["a"] }, "agent"],
    ["on an agent for packages", { dependencies: ["a"] }, "agent"],
    ["on an agent for a task runner", { taskRunner: { type: "io.kestra.plugin.core.runner.Process" } }, "agent"],
    ["on an agent for an old runner", { runner: "PROCESS" }, "agent"],
    ["in the sandbox with namespace files", { namespaceFiles: { enabled: true } }, "sandbox"],
  ])("%s", (_, properties, place) => {
    const task = { id: "a", type: Node.type, properties: { script: "x", ...properties }, lists: {} };
    expect("placedBy" in Node && Node.placedBy?.(task)).toBe(place);
  });
});

describe("a pattern of files", () => {
  test.each<[string, string, boolean]>([
    ["a.txt", "a.txt", true],
    ["*.txt", "a.txt", true],
    ["*.txt", "b/a.txt", false],
    ["**/*.txt", "b/c/a.txt", true],
    ["**/*.txt", "a.txt", true],
    ["out/**", "out/a/b", true],
    ["./a", "a", true],
    ["a?.{csv,json}", "ab.json", true],
    ["[a-c]1", "b1", true],
    ["[!a-c]1", "b1", false],
    ["a.txt", "aXtxt", false],
    ["{a,{b,c}}", "c", true],
  ])("%s matches %s: %s", (pattern, name, expected) => {
    expect(matchesGlob(pattern, name)).toBe(expected);
  });

  test("takes no long time, whatever it is", () => {
    expect(matchesGlob(`${"*a".repeat(200)}b`, "a".repeat(900))).toBe(false);
    expect(matchesGlob("{a,b}".repeat(100), "a")).toBe(false);
  });
});
