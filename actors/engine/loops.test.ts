import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import { CURRENT_FLAGS } from "./flags.ts";
import { toExecutionJson } from "./json.ts";
import { freeze, thaw } from "./snapshot.ts";
import { Driver, flowOf, SEQUENCE, task } from "./testing.ts";

type Until = Extract<Expansion, { kind: "loop-until" }>;
const until = (more: Partial<Until> = {}): Until => ({
  kind: "loop-until",
  list: "tasks",
  intervalMs: 1_000,
  failOnMaxReached: false,
  ...more,
});
const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });

/** An execution with a loop of one task that has begun its first turn. */
function looping(more: Partial<Until> = {}, loop: Partial<Task> = {}): Driver {
  const flow = flowOf([task("l", { ...lists(task("x")), ...loop }), task("after")]);
  return new Driver(flow).create().expand("l", until(more));
}

function says(d: Driver, done: boolean, more: { error?: string } = {}): Driver {
  d.apply({ kind: "loop-evaluated", at: d.now, effect: d.effect("l"), done, ...more });
  return d;
}

describe("a loop until a condition holds", () => {
  test("[O1] asks for the condition once after a turn, and ends when it holds", () => {
    const d = looping().finish("x");
    expect(d.asked.filter((effect) => effect.kind === "evaluate-loop")).toHaveLength(1);
    says(d, true);
    expect([d.run("l").state, d.run("after").state]).toEqual(["SUCCESS", "CREATED"]);
    expect(d.run("l").outputs).toEqual({ iterationCount: 1 });
  });

  test("[E2] an answer that is late, doubled or for another effect changes nothing", () => {
    const d = looping().finish("x");
    const effect = d.effect("l");
    expect(d.changes(() => d.apply({ kind: "loop-evaluated", at: d.now, effect: "0:99", done: true }))).toBe(false);
    says(d, false);
    expect(d.changes(() => d.apply({ kind: "loop-evaluated", at: d.now, effect, done: true }))).toBe(false);
  });

  test("[O2] is PAUSED with its execution between two turns, and goes on by itself", () => {
    const d = says(looping().finish("x"), false);
    expect([d.state.status, d.run("l").state, d.state.paused]).toEqual(["PAUSED", "PAUSED", 1]);
    d.advance(999);
    expect(d.state.status).toBe("PAUSED");
    d.advance(1);
    expect([d.state.status, d.run("l").state, d.state.paused]).toEqual(["RUNNING", "RUNNING", 0]);
    expect([d.run("x").state, d.run("x").iteration, d.run("l").outputs]).toEqual(["CREATED", 1, { iterationCount: 2 }]);
    expect(toExecutionJson(d.state, d.plan).taskRunList?.map((run) => run.iteration)).toEqual([1, 1]);
  });

  test("[O2] a resume begins the next turn at once, and the timer then changes nothing", () => {
    const d = says(looping().finish("x"), false).resume();
    expect([d.state.status, d.run("x").state]).toEqual(["RUNNING", "CREATED"]);
    const { state } = d;
    d.advance(1_000);
    expect(d.state).toBe(state);
  });

  test("[K3] a resume ends a task that pauses before a loop that waits", () => {
    const flow = flowOf([task("p", lists(task("l", lists(task("x"))), task("w")))]);
    const d = new Driver(flow).create().expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
    d.expand("l", until()).expand("w", { kind: "pause" }).finish("x");
    says(d, false).resume();
    expect([d.run("w").state, d.run("l").state, d.state.status]).toEqual(["SUCCESS", "PAUSED", "PAUSED"]);
    expect(d.advance(1_000).state.status).toBe("RUNNING");
  });

  test("without an interval the next turn begins at once", () => {
    const d = says(looping({ intervalMs: 0 }).finish("x"), false);
    expect([d.state.status, d.run("x").iteration]).toEqual(["RUNNING", 1]);
  });

  test("[O1] a failed turn ends it: its errors run, and the condition is not asked", () => {
    const d = looping({}, { lists: { tasks: [task("x"), task("y")], errors: [task("e")] } })
      .fail("x")
      .finish("e");
    expect(d.asked.some((effect) => effect.kind === "evaluate-loop")).toBe(false);
    expect(d.states()).toEqual({ l: "FAILED", x: "FAILED", e: "SUCCESS" });
  });

  test("a WARNING in a turn stays, whatever the turns after it were", () => {
    const d = says(looping().finish("x", { state: "WARNING" }), false)
      .advance(1_000)
      .finish("x");
    expect(says(d, true).run("l").state).toBe("WARNING");
  });

  test("a condition that cannot be rendered fails it, with the reason", () => {
    const d = says(looping().finish("x"), true, { error: "no such output" });
    expect([d.run("l").state, d.run("l").error]).toEqual(["FAILED", "no such output"]);
    expect(d.asked.some((effect) => effect.kind === "log" && effect.level === "ERROR")).toBe(true);
  });

  test.for([1, 3])("[O3] has at most maxIterations turns: %i", (maxIterations) => {
    const d = looping({ maxIterations });
    for (let turn = 1; turn < maxIterations; turn++) says(d.finish("x"), false).advance(1_000);
    says(d.finish("x"), false);
    expect([d.run("l").state, d.run("l").outputs]).toEqual(["SUCCESS", { iterationCount: maxIterations }]);
  });

  test("[O3] begins no turn after its deadline, and does not wait beyond it", () => {
    const d = says(looping({ deadlineAt: 2_500 }).finish("x"), false)
      .advance(1_000)
      .finish("x");
    says(d, false);
    d.advance(500);
    expect([d.run("l").state, d.run("l").outputs]).toEqual(["SUCCESS", { iterationCount: 2 }]);
  });

  test("at a limit it fails when that was asked for, without its errors and with its finally", () => {
    const branches = { tasks: [task("x")], errors: [task("e")], finally: [task("f")] };
    const d = says(looping({ maxIterations: 1, failOnMaxReached: true }, { lists: branches }).finish("x"), false);
    d.finish("f");
    expect(d.states()).toEqual({ l: "FAILED", x: "SUCCESS", f: "SUCCESS" });
    expect(d.run("l").error).toBe("The condition did not hold within 1 iterations.");
  });

  test("[O3] a restart counts turns and time anew, and asks for the condition before a further turn", () => {
    const d = says(looping({ maxIterations: 2, failOnMaxReached: true, deadlineAt: 3_000 }).finish("x"), false);
    d.advance(1_000).finish("x");
    expect(says(d, false).state.status).toBe("FAILED");
    d.now = 9_000;
    d.restart();
    expect(d.run("l").waiting?.kind).toBe("condition");
    says(d, false).advance(1_000).finish("x");
    expect(d.run("l").outputs).toEqual({ iterationCount: 3 });
    expect(says(d, true).run("l").state).toBe("SUCCESS");
  });

  test("a restart of a failed turn runs that turn again", () => {
    const d = says(looping().finish("x"), false).advance(1_000).fail("x").restart();
    expect(d.run("x").iteration).toBe(1);
    expect(says(d.finish("x"), true).run("l").state).toBe("SUCCESS");
  });

  test("counts ahead for the condition when that was asked for", () => {
    const d = looping({ countsAhead: true }).finish("x");
    expect(d.run("l").outputs).toEqual({ iterationCount: 2 });
    says(d, false).advance(1_000);
    expect(d.run("l").outputs).toEqual({ iterationCount: 2 });
  });

  test.for(["while it waits", "while its condition is asked"])("[K1] killed %s it ends at once", (when) => {
    const d = looping().finish("x");
    const effect = d.effect("l");
    if (when === "while it waits") says(d, false);
    d.kill();
    expect([d.state.status, d.run("l").state, d.state.paused]).toEqual(["KILLED", "KILLED", 0]);
    expect(d.changes(() => d.apply({ kind: "loop-evaluated", at: d.now, effect, done: true }))).toBe(false);
    expect(d.changes(() => d.advance(2_000))).toBe(false);
  });

  test("[C6] ends KILLED while it waits when its container fails, and the execution is no longer PAUSED", () => {
    const flow = flowOf([
      task("p", { ...lists(task("l", lists(task("x"))), task("w")), allowFailure: true }),
      task("z"),
    ]);
    const d = new Driver(flow).create({ flags: [...CURRENT_FLAGS] });
    d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("l", until()).finish("x");
    says(d, false).fail("w");
    expect([d.run("l").state, d.run("p").state, d.run("z").state]).toEqual(["KILLED", "WARNING", "CREATED"]);
    expect(d.state.status).toBe("RUNNING");
  });

  test("its tasks all disabled, it is over at once", () => {
    const d = new Driver(flowOf([task("l", lists(task("x", { disabled: true })))])).create().expand("l", until());
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[O2] a pause by hand holds the next turn back", () => {
    const flow = flowOf([task("p", lists(task("l", lists(task("x"))), task("w")))]);
    const d = new Driver(flow).create().expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
    d.expand("l", until({ intervalMs: 0 })).finish("x");
    d.apply({ kind: "pause-requested", at: d.now });
    says(d, false);
    expect([d.run("x").waiting?.kind, d.state.status]).toEqual(["held", "PAUSED"]);
    d.resume();
    expect([d.run("x").waiting?.kind, d.state.status]).toEqual(["start", "RUNNING"]);
  });

  test("[O4] what is remembered of a long loop does not grow with its turns, but for a place in the list", () => {
    const big = { outputs: { text: "x".repeat(1_000) } };
    const sizeAfter = (turns: number) => {
      const d = looping().finish("x", big);
      for (let turn = 1; turn < turns; turn++) says(d, false).advance(1_000).finish("x", big);
      expect([...d.state.runs].filter((run) => !run.dropped)).toHaveLength(2);
      return freeze(d.state).length;
    };
    const perTurn = (sizeAfter(300) - sizeAfter(200)) / 100;
    expect(perTurn).toBeLessThan(200);
  });

  test("[O4] what stood below the tasks of an earlier turn is forgotten, too", () => {
    const group = task("g", { lists: { tasks: [task("x")], finally: [task("f")] } });
    const d = new Driver(flowOf([task("l", lists(group))])).create().expand("l", until()).expand("g", SEQUENCE);
    d.finish("x", { outputs: { v: 1 } }).finish("f", { outputs: { v: 2 } });
    says(d, false).advance(1_000);
    const left = [...d.state.runs].filter((run) => run.dropped);
    expect(left.map((run) => [run.index, run.outputs, run.container, run.histories])).toEqual(
      [1, 2, 3].map((index) => [index, undefined, undefined, []]),
    );
  });

  test("[O4] its histories begin as they were and end as it is, however many turns there were", () => {
    const d = looping().finish("x");
    for (let turn = 0; turn < 100; turn++) says(d, false).advance(1_000).finish("x");
    const states = d.run("l").histories.map(({ state }) => state);
    expect([states.length <= 66, states.slice(0, 3), states.at(-1)]).toEqual([
      true,
      ["CREATED", "RUNNING", "PAUSED"],
      "RUNNING",
    ]);
    expect(d.state.histories.length).toBeLessThanOrEqual(66);
  });

  test("[I27] is the same after a snapshot while it waits", () => {
    const d = says(looping().finish("x"), false);
    expect(thaw(freeze(d.state))).toEqual(d.state);
  });
});

describe("a loop over values", () => {
  const each = (more: Partial<Extract<Expansion, { kind: "each" }>> = {}): Expansion => ({
    kind: "each",
    list: "tasks",
    values: ["a", "b", "c"],
    concurrency: 1,
    scoped: true,
    ...more,
  });
  const over = (more: Parameters<typeof each>[0] = {}) =>
    new Driver(flowOf([task("l", lists(task("x"), task("y")))])).create().expand("l", each(more));

  test("[C8] that is tolerant goes on after a failed turn, whose later tasks do not run", () => {
    const d = over({ tolerant: true }).finish("x", {}, "a").finish("y", {}, "a").fail("x", "b");
    expect(() => d.run("y", "b")).toThrow();
    d.finish("x", {}, "c").finish("y", { state: "WARNING" }, "c");
    expect([d.run("l").state, d.state.status]).toEqual(["SUCCESS", "SUCCESS"]);
  });

  test("[C5][C8] that is tolerant still ends with a KILLED task", () => {
    expect(over({ tolerant: true }).finish("x", { state: "KILLED" }, "a").state.status).toBe("KILLED");
  });

  test("asks for what its turns give when all are over, and keeps it", () => {
    const d = over({ gives: true, concurrency: 0 });
    for (const value of ["a", "b", "c"]) d.finish("x", {}, value).finish("y", {}, value);
    expect([d.run("l").state, d.run("l").waiting?.kind]).toEqual(["RUNNING", "condition"]);
    const outputs = { outputs: [{ item: { value: "a" }, outputs: { o: 1 } }] };
    d.apply({ kind: "loop-evaluated", at: d.now, effect: d.effect("l"), done: true, outputs });
    expect([d.run("l").state, d.run("l").outputs]).toEqual(["SUCCESS", outputs]);
  });

  test("fails when that cannot be rendered, and after a failed turn does not ask", () => {
    const d = over({ gives: true, values: [] });
    d.apply({ kind: "loop-evaluated", at: d.now, effect: d.effect("l"), done: true, error: "no" });
    expect([d.run("l").state, d.run("l").error]).toEqual(["FAILED", "no"]);
    const failed = over({ gives: true }).fail("x", "a");
    expect(failed.asked.some((effect) => effect.kind === "evaluate-loop")).toBe(false);
  });
});
