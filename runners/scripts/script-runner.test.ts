import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TestWorld } from "#runners/testing/test-agent.ts";
import { OUTPUT_DIR_MARKER, WORKING_DIR_MARKER } from "#schema/runner.ts";

test("a Python script sets outputs and metrics by marker lines, which are not logged", async () => {
  await using world = await TestWorld.start();
  const script = `
import json
print("hello")
print('::' + json.dumps({"outputs": {"a": 1, "list": [1, "x"]}}) + '::')
print('::{"outputs": {"a": 2}, "metrics": [{"name": "rows", "type": "counter", "value": 3, "tags": {"t": "x"}}, {"name": "took", "type": "timer", "value": 1.5}]}::')
print('::{"logs": [{"level": "WARN", "message": "careful"}]}::')
print('::{not json}::')
`;
  const answer = await world.run("e1", "python.Script", { script });
  expect(answer).toEqual({
    state: "SUCCESS",
    outputs: { vars: { a: 2, list: [1, "x"] }, exitCode: 0, outputFiles: {} },
    metrics: [
      { name: "rows", type: "counter", value: 3, tags: { t: "x" } },
      { name: "took", type: "timer", value: 1500 },
    ],
  });
  expect(world.lines("e1")).toEqual(["hello", "careful", expect.stringContaining("Invalid outputs '{not json}'")]);
});

test("python is there under both of its names", async () => {
  await using world = await TestWorld.start();
  const commands = ["python -c 'print(1)'", "python3 -c 'print(2)'"];
  expect(await world.run("e1", "python.Commands", { commands })).toMatchObject({ state: "SUCCESS" });
  expect(world.lines("e1")).toEqual(["1", "2"]);
});

test("a Node script runs, also with beforeCommands", async () => {
  await using world = await TestWorld.start();
  const answer = await world.run("e1", "node.Script", {
    beforeCommands: ["export GREETING=hi"],
    script: `console.log(process.env.GREETING); console.log('::{"outputs":{"n":' + (40 + 2) + '}}::')`,
  });
  expect(answer).toMatchObject({ state: "SUCCESS", outputs: { vars: { n: 42 } } });
  expect(world.lines("e1")).toEqual(["hi"]);
});

test("an exit code other than 0 fails the task and keeps outputs and files", async () => {
  await using world = await TestWorld.start();
  const commands = ['echo \'::{"outputs":{"k":"v"}}::\'', "echo data > out.txt", "exit 3", "echo never"];
  const answer = await world.run("e1", "shell.Commands", { commands, outputFiles: ["*.txt"] });
  expect(answer).toMatchObject({
    state: "FAILED",
    error: "Command failed with exit code 3",
    outputs: { vars: { k: "v" }, exitCode: 3, outputFiles: { "out.txt": expect.stringMatching(/^kestra:\/\/\//) } },
  });
});

test("an end by a signal fails the task, with the shell's number for it", async () => {
  await using world = await TestWorld.start();
  const answer = await world.run("e1", "shell.Commands", { commands: ["kill -KILL $$"] });
  expect(answer).toMatchObject({
    state: "FAILED",
    error: expect.stringContaining("SIGKILL"),
    outputs: { exitCode: 137 },
  });
});

test("failFast ends at the first command that fails; without it the last one counts", async () => {
  await using world = await TestWorld.start();
  const commands = ["false", "echo after"];
  expect(await world.run("e1", "shell.Commands", { commands })).toMatchObject({ state: "FAILED" });
  expect(await world.run("e2", "shell.Commands", { commands, failFast: false })).toMatchObject({ state: "SUCCESS" });
  expect(await world.run("e3", "shell.Script", { script: "false\necho after" })).toMatchObject({ state: "FAILED" });
  expect([world.lines("e1"), world.lines("e2"), world.lines("e3")]).toEqual([[], ["after"], []]);
});

test("a line on stderr is an ERROR line and a warning, unless the task says otherwise", async () => {
  await using world = await TestWorld.start();
  const commands = ["echo oops >&2"];
  expect(await world.run("e1", "shell.Commands", { commands })).toMatchObject({ state: "WARNING" });
  expect(await world.run("e2", "shell.Commands", { commands, warningOnStdErr: false })).toMatchObject({
    state: "SUCCESS",
  });
  expect(world.lines("e1")).toEqual(["oops"]);
});

test("input files come as text or from the storage, and output files go back by glob", async () => {
  await using world = await TestWorld.start();
  const first = await world.run("e1", "shell.Commands", {
    commands: ["cat in/a.txt", "mkdir -p sub", "cp in/a.txt sub/copy.csv", "echo x > .hidden.csv"],
    inputFiles: { "in/a.txt": "one\ntwo\n", "skipped.txt": null, "data.json": { a: 1 } },
    outputFiles: ["**/*.csv", "*.csv", "data.json"],
  });
  expect(world.lines("e1")).toEqual(["one", "two"]);
  const files = first.outputs?.outputFiles;
  if (typeof files !== "object" || files === null || Array.isArray(files)) throw new Error("no files");
  expect(Object.keys(files).sort()).toEqual([".hidden.csv", "data.json", "sub/copy.csv"]);
  const uri = files["sub/copy.csv"] ?? null;
  const inputFiles = JSON.stringify({ "again.txt": uri });
  const second = { commands: ["cat again.txt", `wc -l < ${uri}`, `basename ${uri}`], inputFiles, outputFiles: ["*"] };
  const answer = await world.run("e2", "shell.Commands", second);
  expect(answer).toMatchObject({ state: "SUCCESS", outputs: { outputFiles: { "again.txt": expect.any(String) } } });
  expect(Object.keys(Object(answer.outputs?.outputFiles))).toEqual(["again.txt"]);
  expect(world.lines("e2").map((line) => line.trim())).toEqual(["one", "two", "2", "input-1-copy.csv"]);
});

test.each(["../a", "/etc/a", "a/../../b", "a\\b", "a//b"])("an input file cannot be called %s", async (name) => {
  await using world = await TestWorld.start();
  const answer = await world.run("e1", "shell.Commands", { commands: ["true"], inputFiles: { [name]: "x" } });
  expect(answer).toMatchObject({
    state: "FAILED",
    error: expect.stringContaining("only a relative path is supported"),
  });
});

test("a file the execution may not read fails the task with the reason", async () => {
  await using world = await TestWorld.start();
  const answer = await world.run("e1", "shell.Commands", { commands: ["cat kestra:///company/team/none.txt"] });
  expect(answer).toMatchObject({ state: "FAILED", error: expect.stringContaining("none.txt") });
});

test("an output file is never taken from outside the working directory", async () => {
  await using world = await TestWorld.start();
  const commands = ["ln -s /etc/passwd leak.txt", "echo ok > ok.txt", "ln -s ok.txt link.txt"];
  const answer = await world.run("e1", "shell.Commands", { commands, outputFiles: ["*.txt"] });
  expect(Object.keys(Object(answer.outputs?.outputFiles))).toEqual(["link.txt", "ok.txt"]);
  const climbing = await world.run("e2", "shell.Commands", { commands, outputFiles: ["../*"] });
  expect(climbing).toMatchObject({ state: "FAILED", error: expect.stringContaining("relative path") });
});

test("a task sees its own environment, its places and nothing of the agent's", async () => {
  process.env.WINDHOVER_CANARY = "canary";
  await using world = await TestWorld.start();
  const answer = await world.run("e1", "shell.Commands", {
    commands: [
      "env",
      'test "$PWD" = "$WORKING_DIR"',
      `test ${WORKING_DIR_MARKER} = "$PWD"`,
      `echo x > ${OUTPUT_DIR_MARKER}/f`,
    ],
    env: { MINE: "1", LIST: ["a"], NOTHING: null },
    outputDirectory: true,
  });
  delete process.env.WINDHOVER_CANARY;
  expect(answer).toMatchObject({ state: "SUCCESS", outputs: { outputFiles: { f: expect.any(String) } } });
  const names = world.lines("e1").map((line) => line.split("=")[0] ?? "");
  expect(world.lines("e1")).toContain("MINE=1");
  expect(world.lines("e1")).toContain('LIST=["a"]');
  const allowed =
    /^(PATH|HOME|LANG|LC_ALL|TZ|USER|SHELL|TMPDIR|PWD|OLDPWD|SHLVL|_|WORKING_DIR|OUTPUT_DIR|WINDHOVER_ATTEMPT|MINE|LIST)$/;
  expect(names.filter((name) => !allowed.test(name))).toEqual([]);
});

test("a very long script runs, and stops at its first failure too", async () => {
  await using world = await TestWorld.start();
  const script = `${"echo 0123456789 > /dev/null\n".repeat(8_000)}echo end\nfalse\necho never`;
  expect(await world.run("e1", "shell.Script", { script })).toMatchObject({ state: "FAILED" });
  expect(world.lines("e1")).toEqual(["end"]);
});

test("a task that names no task runner runs as a process and says so once", async () => {
  await using world = await TestWorld.start();
  const properties = { commands: ["echo hi"], taskRunner: null, containerImage: "ubuntu" };
  expect(await world.run("e1", "shell.Commands", properties)).toMatchObject({ state: "SUCCESS" });
  expect(world.lines("e1")).toEqual([expect.stringContaining("not in the image ubuntu"), "hi"]);
});

test.each([
  ["io.kestra.plugin.scripts.runner.docker.Docker", "cannot run containers"],
  ["io.kestra.plugin.ee.aws.runner.Batch", "has no task runner io.kestra.plugin.ee.aws.runner.Batch"],
])("a task that wants %s fails with what to do", async (type, message) => {
  await using world = await TestWorld.start();
  const answer = await world.run("e1", "shell.Commands", { commands: ["true"], taskRunner: { type } });
  expect(answer).toMatchObject({ state: "FAILED", error: expect.stringContaining(message) });
});

test("a type, property or program that is not there fails the task with its name", async () => {
  await using world = await TestWorld.start();
  const failed = (text: string) => ({ state: "FAILED", error: expect.stringContaining(text) });
  expect(await world.run("e1", "cobol.Script", {})).toMatchObject(failed("cobol.Script"));
  expect(await world.run("e2", "shell.Commands", {})).toMatchObject(failed("no commands"));
  expect(await world.run("e3", "shell.Commands", { commands: 7 })).toMatchObject(failed("commands"));
  expect(await world.run("e4", "julia.Script", { script: "1" })).toMatchObject(failed("julia is not installed"));
});

test("[B1] the working directory is fresh for every attempt and gone afterwards", async () => {
  await using world = await TestWorld.start();
  const commands = ["ls -A", "mkdir -p locked/in", "touch locked/in/f", "chmod 000 locked/in locked"];
  await world.run("e1", "shell.Commands", { commands });
  await world.run("e2", "shell.Commands", { commands });
  expect([world.lines("e1"), world.lines("e2")]).toEqual([[], []]);
  expect(readdirSync(join(world.agent.dir, "work"))).toEqual([]);
  expect(readdirSync(join(world.agent.dir, "journal"))).toEqual([]);
  expect(existsSync(join(world.agent.dir, "spool"))).toBe(false);
});
