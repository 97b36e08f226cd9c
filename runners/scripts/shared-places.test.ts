import { existsSync, mkdtempSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Files } from "#edge/ports/files.ts";
import { closePlace, openPlace, type PlaceWorld, removePlace } from "#edge/work/places.ts";
import { PlaceOfJob } from "#edge/work/shared-place.ts";
import type { JobContext } from "#runners/agent/job-runner.ts";
import { EXECUTION, newJob } from "#runners/testing/dispatch-world.ts";
import { TestAgent, TestWorld } from "#runners/testing/test-agent.ts";
import { SharedPlaces } from "./shared-places.ts";

const ASKER = {
  tenant: "main",
  namespace: "company.team",
  flowId: "hello",
  executionId: EXECUTION,
  trigger: undefined,
};
const OWNER = { taskId: "dir", taskRunId: "run-dir" };
const ID = `${EXECUTION}/0:1`;
const at = (manifest: string | undefined) => (manifest === undefined ? { id: ID } : { id: ID, manifest });
const downloads = (world: TestWorld) => world.server.calls.filter((call) => call === "GET /api/v1/agents/files").length;
const uploads = (world: TestWorld) => world.server.calls.filter((call) => call === "PUT /api/v1/agents/files").length;

test("[H1] the next task on the same agent finds the files, and nothing is copied for that", async () => {
  await using world = await TestWorld.start();
  const first = await world.runIn(at(undefined), "e1", "shell.Commands", {
    commands: ["mkdir d", "echo one > d/a.txt"],
  });
  expect(first).toMatchObject({ state: "SUCCESS", place: expect.stringMatching(/^kestra:\/\/\//) });
  const second = await world.runIn(at(first.place), "e2", "shell.Commands", { commands: ["cat d/a.txt"] });
  expect(world.lines("e2")).toEqual(["one"]);
  expect(second.place).toBeUndefined();
  // The file and the list.
  expect([downloads(world), uploads(world)]).toEqual([0, 2]);
});

test("[H1] another agent finds them too: contents, rights, empty folders and links", async () => {
  await using world = await TestWorld.start();
  const commands = [
    "mkdir -p empty/inner bin",
    "printf '#!/bin/sh\\necho ran\\n' > bin/tool",
    "chmod +x bin/tool",
    "ln -s bin/tool link",
  ];
  const first = await world.runIn(at(undefined), "e1", "shell.Commands", { commands });
  await world.agent.stop();
  const other = new TestAgent();
  try {
    other.start(world.server.url);
    const second = await world.runIn(at(first.place), "e2", "shell.Commands", {
      commands: ["./link", "test -d empty/inner", "readlink link", "rm bin/tool link"],
    });
    expect(second.state).toBe("SUCCESS");
    expect(world.lines("e2")).toEqual(["ran", "bin/tool"]);
    expect(second.place).not.toBe(first.place);
  } finally {
    await other.stop();
    other.remove();
  }
});

test("[H2] absolute paths hold from one task to the next", async () => {
  await using world = await TestWorld.start();
  const first = await world.runIn(at(undefined), "e1", "shell.Commands", { commands: ["pwd > where"] });
  await world.runIn(at(first.place), "e2", "shell.Commands", { commands: ['test "$(cat where)" = "$PWD"'] });
  expect((await world.server.answerOf("e2")).state).toBe("SUCCESS");
});

test("[H3] what a failed task wrote is there for the next, its own script is not", async () => {
  await using world = await TestWorld.start();
  const script = "open('left.txt', 'w').write('x'); raise SystemExit(3)";
  const first = await world.runIn(at(undefined), "e1", "python.Script", { script, inputFiles: { "in.txt": "y" } });
  expect(first).toMatchObject({ state: "FAILED", place: expect.any(String) });
  await world.runIn(at(first.place), "e2", "shell.Commands", { commands: ["ls"] });
  expect(world.lines("e2")).toEqual(["in.txt", "left.txt"]);
});

test("[H3] a change of the same length right after the file came is noticed", async () => {
  await using world = await TestWorld.start();
  let place = (await world.runIn(at(undefined), "e1", "shell.Commands", { commands: ["printf 0 > count"] })).place;
  for (let turn = 1; turn <= 4; turn++) {
    const commands = [`printf ${turn} > count`];
    const { place: next } = await world.runIn(at(place), `f${turn}`, "shell.Commands", { commands });
    expect(next).not.toBe(place);
    place = next;
  }
});

test("a name that the storage cannot keep fails the task and says which", async () => {
  await using world = await TestWorld.start();
  const answer = await world.runIn(at(undefined), "e1", "shell.Commands", { commands: ["touch 'a\\b'"] });
  expect(answer).toMatchObject({ state: "FAILED", error: expect.stringContaining("a\\\\b") });
});

const placesOver = (files: Files): PlaceWorld => ({ files, now: () => 0, listNamespace: async () => [] });

test("the server opens it with files, its own tasks and an agent's share it, and the end keeps what was asked for", async () => {
  await using world = await TestWorld.start();
  const { files } = world.server;
  const given = { "words.txt": "one two", "data.json": { n: 1 }, "no.txt": null };
  const opened = await openPlace(placesOver(files), ASKER, { ...OWNER, opened: "0:1" }, { files: given });
  if (!opened.ok) throw new Error(opened.message);
  const again = await openPlace(placesOver(files), ASKER, { ...OWNER, opened: "0:1" }, { files: given });
  expect(again).toEqual(opened);

  const first = await world.runIn(at(opened.manifest), "e1", "shell.Commands", {
    commands: ["cat words.txt data.json", "wc -w < words.txt > count.txt", "rm data.json"],
  });
  expect(world.lines("e1").join("")).toContain('one two{"n":1}');

  const place = new PlaceOfJob(files, { ...newJob("e2"), epoch: 0, place: at(first.place) });
  const loaded = await place.load();
  expect([...loaded.keys()].sort()).toEqual(["count.txt", "words.txt"]);
  const count = new TextDecoder().decode(loaded.get("count.txt")).trim();
  await place.save({ "out/report.txt": new TextEncoder().encode(`${count} words\n`) }, ["words.txt"]);

  const last = await world.runIn(at(place.left), "e3", "shell.Commands", { commands: ["cat out/report.txt", "ls"] });
  expect(last.state).toBe("SUCCESS");
  expect(world.lines("e3").sort()).toEqual(["2 words", "count.txt", "out"]);

  const closed = await closePlace(placesOver(files), ASKER, OWNER, place.left, {
    patterns: ["out/*.txt", "nothing.*"],
  });
  expect(closed).toEqual({
    ok: true,
    outputFiles: { "out/report.txt": expect.stringMatching(/run-dir\/out\/report.txt$/) },
  });
  expect(
    await closePlace(placesOver(files), ASKER, OWNER, place.left, { patterns: ["out/*.txt", "nothing.*"] }),
  ).toEqual(closed);
  const runs = ["e1", "e2", "e3"].map((id) => ({ taskId: id, taskRunId: `run-${id}` }));
  await removePlace(files, ASKER, [{ ...OWNER, opened: "0:1" }, ...runs]);
  const left = await files.list("main/company/team/hello/executions" as never);
  expect(left.map((path) => path.split("/").slice(6).join("/"))).toEqual([`tasks/dir/run-dir/out/report.txt`]);
});

test("[Q2] names that lead elsewhere, and lists and files of other executions, are refused", async () => {
  await using world = await TestWorld.start();
  const { files } = world.server;
  for (const name of ["../x", "/etc/x", "a//b", "a\\b"]) {
    expect(await openPlace(placesOver(files), ASKER, OWNER, { files: { [name]: "x" } })).toMatchObject({ ok: false });
  }
  const elsewhere = await openPlace(placesOver(files), { ...ASKER, executionId: "ANOTHER9ABCDEFGHIJ0000" }, OWNER, {
    files: { a: "secret" },
  });
  if (!elsewhere.ok || elsewhere.manifest === undefined) throw new Error("not opened");
  expect(await closePlace(placesOver(files), ASKER, OWNER, elsewhere.manifest, { patterns: ["*"] })).toMatchObject({
    ok: false,
    message: expect.stringContaining("no file of this execution"),
  });
  const forged = await openPlace(placesOver(files), ASKER, OWNER, { files: { a: elsewhere.manifest } });
  expect(forged).toMatchObject({ ok: false, message: expect.stringContaining("didn't belong") });
  expect(await closePlace(placesOver(files), ASKER, OWNER, undefined, { patterns: ["../*"] })).toMatchObject({
    ok: false,
  });
});

type Edit =
  | { kind: "write"; name: string; text: string }
  | { kind: "remove"; name: string }
  | { kind: "chmod"; name: string; mode: number }
  | { kind: "link"; name: string };

const NAMES = ["a", "b", "d/a", "d/e/f", "g"];
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant("write"), name: fc.constantFrom(...NAMES), text: fc.constantFrom("", "x", "y", "zz") }),
  fc.record({ kind: fc.constant("remove"), name: fc.constantFrom(...NAMES, "d", "d/e") }),
  fc.record({ kind: fc.constant("chmod"), name: fc.constantFrom(...NAMES), mode: fc.constantFrom(0o600, 0o700) }),
  fc.record({ kind: fc.constant("link"), name: fc.constantFrom("l", "d/l") }),
) as fc.Arbitrary<Edit>;

async function apply(dir: string, change: Edit): Promise<void> {
  const path = join(dir, change.name);
  if (change.kind === "remove") return rm(path, { recursive: true, force: true });
  if (change.kind === "chmod") return existsSync(path) ? chmod(path, change.mode) : undefined;
  await mkdir(join(path, ".."), { recursive: true });
  if (change.kind === "write") return writeFile(path, change.text);
  await rm(path, { force: true });
  await symlink("a", path);
}

async function shown(dir: string): Promise<string[]> {
  const lines: string[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(dir.length + 1);
    if (entry.isSymbolicLink()) lines.push(`${name} -> ${await readlink(path)}`);
    else if (entry.isDirectory()) lines.push(`${name}/`);
    else lines.push(`${name} ${((await stat(path)).mode & 0o100) > 0} ${await readFile(path, "utf8")}`);
  }
  return lines.sort();
}

test("[H1] whoever runs the next task finds what a plain directory would hold", async () => {
  const turn = fc.record({ agent: fc.nat(1), edits: fc.array(edit, { maxLength: 4 }) });
  const run = async (turns: { agent: number; edits: Edit[] }[]) => {
    const root = mkdtempSync(join(tmpdir(), "windhover-shared-"));
    const store = join(root, "store");
    const model = join(root, "model");
    await mkdir(store);
    await mkdir(model);
    const agents = [new SharedPlaces(join(root, "one")), new SharedPlaces(join(root, "two"))];
    let manifest: string | undefined;
    const key = (text: string) => join(store, text.replaceAll(/[^\w]/g, "_"));
    const context = () =>
      ({
        job: { ...newJob("e1"), epoch: 0, place: at(manifest) },
        // Contents alone, as the server keeps them: a copy would bring along who may execute it.
        download: async (uri: string, path: string) => writeFile(path, await readFile(key(uri))),
        upload: async (name: string, path: string) => {
          await writeFile(key(`kestra:///${name}`), await readFile(path));
          return `kestra:///${name}`;
        },
      }) as unknown as JobContext;
    try {
      for (const { agent, edits } of turns) {
        const dir = await agents[agent]!.open(context());
        expect(await shown(dir.dir)).toEqual(await shown(model));
        for (const change of edits) {
          await apply(dir.dir, change);
          await apply(model, change);
        }
        manifest = (await dir.leave(new Set())) ?? manifest;
        dir.release();
      }
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(turn, { maxLength: 6 }), run), { numRuns: 25 });
}, 60_000);
