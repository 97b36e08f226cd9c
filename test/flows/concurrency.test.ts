import { describe, expect, test } from "vitest";
import { Bench, LONG_MS } from "./harness.ts";

// Flows that limit their executions, on a cell with the real slots: more than one execution, and the deaths of the process between.

const narrow = (behavior: string, tasks = "  - id: p\n    type: io.kestra.plugin.core.flow.Pause\n") =>
  `id: narrow\nnamespace: company.team\ninputs:\n  - id: n\n    type: INT\n    required: false\nconcurrency:\n  limit: 1\n  behavior: ${behavior}\ntasks:\n${tasks}`;

function three(bench: Bench, behavior = "QUEUE") {
  return [1, 2, 3].map((n) => bench.start(narrow(behavior), { n }));
}
const states = (bench: Bench, lives: { id: string }[]) => lives.map((live) => bench.again(live).state.status);
const resume = (bench: Bench, live: { id: string } | undefined) =>
  live && bench.cell.command(bench.again(live), { kind: "resume" });

describe("limit 1", () => {
  test("executions run one after another, in the order they came", async () => {
    const bench = new Bench();
    const lives = three(bench);
    await bench.run(100);
    expect(states(bench, lives)).toEqual(["PAUSED", "QUEUED", "QUEUED"]);
    resume(bench, lives[0]);
    await bench.run(100);
    expect(states(bench, lives)).toEqual(["SUCCESS", "PAUSED", "QUEUED"]);
    resume(bench, lives[1]);
    await bench.run(100);
    resume(bench, lives[2]);
    await bench.run(100);
    expect(states(bench, lives)).toEqual(["SUCCESS", "SUCCESS", "SUCCESS"]);
    expect(bench.slotsOf("narrow").view(undefined)).toMatchObject({ holders: [], queue: [] });
  });

  test("a death of the process loses no place in the queue, and no answer", async () => {
    const bench = new Bench();
    const lives = three(bench);
    await bench.run(0);
    bench.restartAs("b2");
    await bench.run(100);
    expect(states(bench, lives)).toEqual(["PAUSED", "QUEUED", "QUEUED"]);
    resume(bench, lives[0]);
    bench.restartAs("b3");
    await bench.run(20_000);
    expect(states(bench, lives)).toEqual(["SUCCESS", "PAUSED", "QUEUED"]);
  });

  test("who is killed in the queue is passed over, who is deleted while it holds makes room", async () => {
    const bench = new Bench();
    const lives = three(bench);
    await bench.run(100);
    const [first, second] = lives;
    if (first === undefined || second === undefined) throw new Error("three were started");
    bench.cell.command(second, { kind: "kill", cascade: true });
    bench.cell.remove(first);
    await bench.run(100);
    expect(states(bench, lives.slice(1))).toEqual(["KILLED", "PAUSED"]);
  });

  test.each([
    ["CANCEL", "CANCELLED"],
    ["FAIL", "FAILED"],
  ])("%s ends the others %s", async (behavior, state) => {
    const bench = new Bench();
    const lives = three(bench, behavior);
    await bench.run(100);
    expect(states(bench, lives)).toEqual(["PAUSED", state, state]);
  });

  test("a restart waits its turn; force-run and unqueue do not", async () => {
    const bench = new Bench();
    const lives = three(bench);
    await bench.run(100);
    const [first, second, third] = lives;
    if (first === undefined || second === undefined || third === undefined) throw new Error("three were started");
    bench.cell.command(first, { kind: "kill", cascade: true });
    await bench.run(100);
    expect(bench.cell.command(first, { kind: "restart" })).toMatchObject({ ok: true });
    await bench.run(100);
    expect(states(bench, lives)).toEqual(["QUEUED", "PAUSED", "QUEUED"]);
    expect(bench.cell.command(third, { kind: "unqueue", state: "RUNNING" })).toMatchObject({ ok: true });
    expect(bench.cell.command(third, { kind: "unqueue", state: "RUNNING" })).toMatchObject({
      ok: false,
      status: 422,
      message: "Only QUEUED execution can be unqueued",
    });
    expect(bench.cell.command(first, { kind: "force-run" })).toMatchObject({ ok: true });
    await bench.run(100);
    expect(states(bench, lives)).toEqual(["PAUSED", "PAUSED", "PAUSED"]);
    for (const live of lives) resume(bench, live);
    await bench.run(LONG_MS);
    expect(states(bench, lives)).toEqual(["SUCCESS", "SUCCESS", "SUCCESS"]);
    expect(bench.slotsOf("narrow").view(undefined)).toMatchObject({ holders: [], queue: [] });
    expect(bench.cell.command(first, { kind: "force-run" })).toMatchObject({
      ok: false,
      status: 422,
      message: "Only non terminated executions can be forced run.",
    });
  });
});
