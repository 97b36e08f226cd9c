import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { processesWith } from "#runners/process/proc.ts";
import { newJob } from "#runners/testing/dispatch-world.ts";
import { TestAgent, TestWorld } from "#runners/testing/test-agent.ts";
import { until } from "#runners/testing/test-server.ts";

vi.setConfig({ testTimeout: 30_000 });

const labelled = (effect: string, epoch = 1) => processesWith(`WINDHOVER_ATTEMPT=${newJob(effect).id}#${epoch}`);
const loopForever = "while :; do sleep 0.1; done";
const started = (world: TestWorld, effect: string) =>
  until(() => world.lines(effect).includes("ready"), 10_000, `${effect} to be at work`);

test("a job that is queued starts at once and its end frees the slot", async () => {
  await using world = await TestWorld.start({ slots: 1 });
  for (let i = 0; i < 5; i++) await world.enqueue(`e${i}`, "shell.Commands", { commands: [`echo ${i}`] });
  for (let i = 0; i < 5; i++) expect(await world.server.answerOf(`e${i}`)).toMatchObject({ state: "SUCCESS" });
});

test.each([1, 10, 10_000])(
  "all %i lines of a process that prints and exits at once arrive, in order",
  async (count) => {
    await using world = await TestWorld.start();
    const script = `import sys\nsys.stdout.write("".join(f"{i}\\n" for i in range(${count})))`;
    expect(await world.run("e1", "python.Script", { script })).toMatchObject({ state: "SUCCESS" });
    expect(world.lines("e1")).toEqual(Array.from({ length: count }, (_, i) => String(i)));
  },
);

test("a line longer than 64 KB is cut and the next one is whole", async () => {
  await using world = await TestWorld.start();
  const script = 'print("x" * 100000)\nprint("é" * 30000)\nprint("end", end="")';
  await world.run("e1", "python.Script", { script });
  const [long, wide, end] = world.lines("e1");
  expect(long).toBe(`${"x".repeat(32_768)}… (67232 more characters dropped)`);
  expect([wide, end]).toEqual(["é".repeat(30_000), "end"]);
});

test("a line is with the server while the task still runs", async () => {
  await using world = await TestWorld.start();
  await world.enqueue("e1", "shell.Commands", { commands: ["echo ready", "sleep 30"] });
  const before = Date.now();
  await started(world, "e1");
  expect(Date.now() - before).toBeLessThan(1_000);
  await world.server.room.cancel(newJob("e1").id);
  await world.server.answerOf("e1");
});

test("a task over its timeout fails with it, and nothing of it runs on", async () => {
  await using world = await TestWorld.start();
  const answer = await world.run("e1", "shell.Commands", { commands: ["sleep 60 & sleep 60"] }, 500);
  expect(answer).toMatchObject({ state: "FAILED", error: "Timeout after PT0.5S" });
  expect(await labelled("e1")).toEqual([]);
});

test("[B2] cancel ends the whole tree within seconds, also what has left its process group", async () => {
  await using world = await TestWorld.start();
  const commands = [
    "(sh -c 'sleep 60; true' &)",
    "setsid sh -c 'trap \"\" TERM; sleep 60; true' &",
    "echo ready",
    "sleep 60",
  ];
  await world.enqueue("e1", "shell.Commands", { commands });
  await started(world, "e1");
  expect((await labelled("e1")).length).toBeGreaterThan(3);
  const before = Date.now();
  expect(await world.server.room.cancel(newJob("e1").id)).toBe("told");
  expect(await world.server.answerOf("e1")).toMatchObject({ state: "KILLED" });
  expect(Date.now() - before).toBeLessThan(8_000);
  expect(await labelled("e1")).toEqual([]);
});

test("[B2] a task that ends on SIGTERM is not waited for longer than it takes", async () => {
  await using world = await TestWorld.start();
  await world.enqueue("e1", "shell.Commands", {
    commands: ["trap 'echo bye; exit 0' TERM", "echo ready", "while :; do sleep 0.05; done"],
  });
  await started(world, "e1");
  const before = Date.now();
  await world.server.room.cancel(newJob("e1").id);
  expect(await world.server.answerOf("e1")).toMatchObject({ state: "KILLED" });
  expect(Date.now() - before).toBeLessThan(2_000);
  // The shell itself says "Terminated" of its sleep, if it was in one.
  expect(world.lines("e1").filter((line) => line !== "Terminated")).toEqual(["ready", "bye"]);
});

test("[B2] a task that ignores SIGTERM is killed after 5 s", async () => {
  await using world = await TestWorld.start();
  await world.enqueue("e1", "shell.Commands", {
    commands: ["trap '' TERM", "echo ready", loopForever],
  });
  await started(world, "e1");
  const before = Date.now();
  await world.server.room.cancel(newJob("e1").id);
  expect(await world.server.answerOf("e1")).toMatchObject({ state: "KILLED" });
  expect(Date.now() - before).toBeGreaterThan(4_500);
  expect(await labelled("e1")).toEqual([]);
});

test("[A1] a cancel reaches an agent all of whose slots are taken", async () => {
  await using world = await TestWorld.start({ slots: 1 });
  await world.enqueue("e1", "shell.Commands", { commands: ["echo ready", "sleep 60"] });
  await started(world, "e1");
  const before = Date.now();
  await world.server.room.cancel(newJob("e1").id);
  await world.server.answerOf("e1");
  expect(Date.now() - before).toBeLessThan(1_500);
});

test("a task that goes on in the background may finish its output for a moment, then it is ended", async () => {
  await using world = await TestWorld.start();
  const commands = ["(sleep 0.3; echo late; sleep 60) &", "sleep 61 > /dev/null 2>&1 &", "echo now"];
  expect(await world.run("e1", "shell.Commands", { commands })).toMatchObject({ state: "SUCCESS" });
  expect(world.lines("e1")).toEqual(["now", "late"]);
  await until(() => readdirSync(join(world.agent.dir, "work")).length === 0, 2_000, "cleanup");
  expect(await labelled("e1")).toEqual([]);
});

test("the server may be away for 5 s: tasks go on, lines and results come after, once and in order", async () => {
  await using world = await TestWorld.start();
  const loop = "for i in $(seq 1 40); do echo $i; sleep 0.1; done";
  await world.enqueue("long", "shell.Commands", { commands: ["echo ready", loop] });
  await world.enqueue("short", "shell.Commands", { commands: ["echo ready", "sleep 1", "echo done"] });
  await started(world, "long");
  await started(world, "short");
  await world.server.crash();
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await world.server.start();
  expect(await world.server.answerOf("short")).toMatchObject({ state: "SUCCESS" });
  expect(await world.server.answerOf("long")).toMatchObject({ state: "SUCCESS" });
  expect(world.lines("short")).toEqual(["ready", "done"]);
  expect(world.lines("long")).toEqual(["ready", ...Array.from({ length: 40 }, (_, i) => String(i + 1))]);
  expect(world.server.cells.of("lost")).toEqual([]);
});

test("results and lines whose answer is lost are sent again and count once", async () => {
  await using world = await TestWorld.start();
  world.server.dropAnswers.set("/api/v1/agents/result", 3);
  world.server.dropAnswers.set("/api/v1/agents/logs", 3);
  await world.enqueue("e1", "shell.Commands", { commands: ["seq 1 2000"] });
  const results = () => world.server.calls.filter((call) => call.endsWith("/result")).length;
  await until(() => results() >= 4, 10_000, "the result to be repeated");
  expect(world.server.cells.of("finished")).toHaveLength(1);
  expect(world.lines("e1")).toEqual(Array.from({ length: 2_000 }, (_, i) => String(i + 1)));
});

test("a claim whose answer is lost gives the job again", async () => {
  await using world = await TestWorld.start();
  await until(() => world.server.calls.length > 0, 5_000, "the first claim");
  world.server.dropAnswers.set("/api/v1/agents/claim", 1);
  expect(await world.run("e1", "shell.Commands", { commands: ["echo hi"] })).toMatchObject({ state: "SUCCESS" });
  expect(world.lines("e1")).toEqual(["hi"]);
});

test("while a cell is away the result waits in the agent, and another job runs", async () => {
  using _quiet = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await using world = await TestWorld.start({ slots: 1 });
  world.server.cells.down = true;
  await world.enqueue("e1", "shell.Commands", { commands: ["true"] });
  await until(() => world.server.calls.filter((call) => call.endsWith("/result")).length > 1, 5_000, "a second try");
  world.server.cells.down = false;
  expect(await world.server.answerOf("e1")).toMatchObject({ state: "SUCCESS" });
  expect(await world.run("e2", "shell.Commands", { commands: ["true"] })).toMatchObject({ state: "SUCCESS" });
});

test("a wrong token is said clearly, and the agent calls seldom", async () => {
  await using world = await TestWorld.start({ token: "wrong" });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(world.server.calls).toEqual(["POST /api/v1/agents/claim"]);
  expect(world.agent.logged.join("")).toContain("refuses this agent's token");
});

test("[A3] a task is ended 5 s before the end of a lease that could not be renewed", async () => {
  await using world = await TestWorld.start({ leaseMs: 7_000 });
  await world.enqueue("e1", "shell.Commands", { commands: ["trap '' TERM", "echo ready", loopForever] });
  await started(world, "e1");
  const before = Date.now();
  await world.server.crash();
  while ((await labelled("e1")).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(Date.now() - before).toBeLessThan(6_000);
  expect(world.agent.logged.join("")).toContain("the lease could not be renewed");
});

test("[R5] the second start of an agent takes over and the first stops", async () => {
  await using world = await TestWorld.start();
  await world.enqueue("e1", "shell.Commands", { commands: ["echo ready", "sleep 60"] });
  await started(world, "e1");
  const second = new TestAgent(world.agent.dir);
  second.start(world.server.url);
  await until(() => world.server.cells.of("lost").length === 1, 5_000, "the job to be taken back");
  await expect(world.agent.ended).rejects.toThrow("taken over");
  await second.stop();
});

test("an agent that is stopped gives its jobs back at once", async () => {
  await using world = await TestWorld.start();
  await world.enqueue("e1", "shell.Commands", { commands: ["echo ready", "sleep 60"] });
  await started(world, "e1");
  await world.agent.stop();
  expect(await world.server.room.status()).toMatchObject({ queued: 1, running: 0, agents: [] });
  expect(await labelled("e1")).toEqual([]);
});

test("a task that floods its log keeps heartbeats and other tasks going, and says what was dropped", async () => {
  await using world = await TestWorld.start({ maxSpoolBytes: 2_000_000 });
  const script =
    "import sys\nline = 'x' * 99 + '\\n'\nprint('ready')\nfor i in range(1000): sys.stdout.write(line * 1000)";
  await world.enqueue("flood", "python.Script", { script });
  await started(world, "flood");
  const before = Date.now();
  expect(await world.run("quick", "shell.Commands", { commands: ["echo hi"] })).toMatchObject({ state: "SUCCESS" });
  expect(Date.now() - before).toBeLessThan(3_000);
  expect(await world.server.answerOf("flood")).toMatchObject({ state: "SUCCESS" });
  const lines = world.lines("flood");
  const marks = lines.filter((line) => line.endsWith("faster than they could be sent."));
  const dropped = marks.reduce((sum, mark) => sum + Number(/^\d+/.exec(mark)?.[0]), 0);
  expect(marks.length).toBeGreaterThan(0);
  expect(lines.length - marks.length + dropped).toBe(1_000_001);
});
