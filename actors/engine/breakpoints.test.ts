import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import { CONSTANT_RETRY, Driver, flowOf, SEQUENCE, task } from "./testing.ts";

const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });
const PARALLEL: Expansion = { kind: "parallel", list: "tasks", concurrency: 0 };
const each = (values: string[], concurrency = 1): Expansion => ({ kind: "each", list: "tasks", values, concurrency });
const goOn = (d: Driver, breakpoints?: string[]) =>
  d.apply({ kind: "breakpoint-resumed", at: d.now, ...(breakpoints && { breakpoints }) });
const asksOf = (d: Driver) => d.asked.filter((effect) => effect.kind === "run-task").length;

describe("a breakpoint", () => {
  test("[B1] stops before the task is asked to run, and goes on once", () => {
    const d = new Driver(flowOf([task("a"), task("b"), task("c")])).create({ breakpoints: ["b"] }).finish("a");
    expect([d.state.status, d.states(), asksOf(d)]).toEqual(["BREAKPOINT", { a: "SUCCESS", b: "BREAKPOINT" }, 1]);
    goOn(d);
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "SUCCESS", b: "CREATED" }]);
    d.finish("b").finish("c");
    expect(d.state.status).toBe("SUCCESS");
    expect(d.state.histories.map(({ state }) => state)).toEqual([
      "CREATED",
      "RUNNING",
      "BREAKPOINT",
      "RUNNING",
      "SUCCESS",
    ]);
  });

  test("[B1] does not stop a retry, a lost attempt or a restart of what was let go on", () => {
    const d = new Driver(flowOf([task("a", { retry: { ...CONSTANT_RETRY, maxAttempts: 2 } })])).create({
      breakpoints: ["a"],
    });
    goOn(d);
    d.apply({ kind: "task-lost", at: d.now, effect: d.effect("a"), reason: "gone" });
    expect(d.run("a").state).toBe("CREATED");
    d.fail("a").advance(1_000);
    expect([d.state.status, d.run("a").waiting?.kind]).toEqual(["RUNNING", "start"]);
    d.fail("a").restart();
    expect([d.state.status, d.run("a").waiting?.kind]).toEqual(["RUNNING", "start"]);
  });

  test("of one value of a loop stops that turn alone", () => {
    const d = new Driver(flowOf([task("f", lists(task("x")))])).create({ breakpoints: ["x.2"] });
    d.expand("f", each(["1", "2", "3"])).finish("x", {}, "1");
    expect([d.state.status, d.run("x", "2").state]).toEqual(["BREAKPOINT", "BREAKPOINT"]);
    goOn(d);
    d.finish("x", {}, "2").finish("x", {}, "3");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[B3] leaves the branches beside it alone, and stops each turn of its task", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y"))), task("z")])).create({ breakpoints: ["x"] });
    d.expand("p", PARALLEL).dispatch("y").finish("y");
    expect([d.state.status, d.states()]).toEqual(["BREAKPOINT", { p: "RUNNING", x: "BREAKPOINT", y: "SUCCESS" }]);
    goOn(d);
    d.finish("x");
    expect(d.run("z").state).toBe("CREATED");
  });

  test("going on may set other breakpoints", () => {
    const d = new Driver(flowOf([task("a"), task("b"), task("c")])).create({ breakpoints: ["a", "b"] });
    goOn(d, ["c"]);
    d.finish("a").finish("b");
    expect([d.state.status, d.run("c").state]).toEqual(["BREAKPOINT", "BREAKPOINT"]);
  });

  test("does not stop what runs after the end", () => {
    const flow = flowOf([task("a")], { afterExecution: [task("z")] });
    const d = new Driver(flow).create({ breakpoints: ["z"] }).finish("a");
    expect([d.state.status, d.run("z").waiting?.kind]).toEqual(["SUCCESS", "start"]);
  });
});

describe("at a breakpoint", () => {
  const stopped = () =>
    new Driver(flowOf([task("p", lists(task("x"), task("y")))])).create({ breakpoints: ["x"] }).expand("p", PARALLEL);

  test("[K1] a kill ends it", () => {
    const d = stopped();
    d.kill();
    expect([d.state.status, d.states(), d.state.atBreakpoint]).toEqual([
      "KILLED",
      { p: "KILLED", x: "KILLED", y: "KILLED" },
      0,
    ]);
    expect(d.changes(() => goOn(d))).toBe(false);
  });

  test("a forced run goes on and stops nowhere else", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create({ breakpoints: ["a", "b"] });
    d.apply({ kind: "force-run-requested", at: d.now });
    d.finish("a");
    expect([d.state.status, d.run("b").waiting?.kind]).toEqual(["RUNNING", "start"]);
  });

  test("a pause by hand holds what is let go on, and a resume shows the breakpoint again", () => {
    const d = stopped();
    d.apply({ kind: "pause-requested", at: d.now });
    expect(d.state.status).toBe("PAUSED");
    d.resume();
    expect(d.state.status).toBe("BREAKPOINT");
    d.apply({ kind: "pause-requested", at: d.now });
    goOn(d);
    expect([d.state.status, d.run("x").waiting?.kind]).toEqual(["PAUSED", "held"]);
    d.resume();
    expect([d.state.status, d.run("x").waiting?.kind]).toEqual(["RUNNING", "start"]);
  });

  test("a failure beside it ends it with its container, and a restart stops there again", () => {
    const d = stopped().fail("y");
    expect([d.state.status, d.states(), d.state.atBreakpoint]).toEqual([
      "FAILED",
      { p: "FAILED", x: "KILLED", y: "FAILED" },
      0,
    ]);
    d.restart();
    expect([d.state.status, d.states()]).toEqual(["BREAKPOINT", { p: "RUNNING", x: "BREAKPOINT", y: "RESTARTED" }]);
  });

  test("a task that pauses beside it wins, and gives way again", () => {
    const d = stopped().expand("y", { kind: "pause" });
    expect(d.state.status).toBe("PAUSED");
    d.resume();
    expect(d.state.status).toBe("BREAKPOINT");
  });

  test("a retry beside it is hidden while it lasts", () => {
    const flow = flowOf([task("p", lists(task("x"), task("y", { retry: CONSTANT_RETRY })))]);
    const d = new Driver(flow)
      .create({ breakpoints: ["x"] })
      .expand("p", PARALLEL)
      .fail("y");
    expect(d.state.status).toBe("BREAKPOINT");
    goOn(d);
    expect(d.state.status).toBe("RETRYING");
  });

  test("[E2] going on twice changes nothing", () => {
    const d = stopped();
    goOn(d);
    expect(d.changes(() => goOn(d))).toBe(false);
    expect(d.states()).toMatchObject({ x: "CREATED" });
  });
});

test("[B2] a task named in the skips is SKIPPED when its turn comes, with all that is in it", () => {
  const d = new Driver(flowOf([task("a"), task("s", lists(task("x"))), task("b")])).create({
    forked: { executionId: "old" },
  });
  d.apply({ kind: "fork-completed", at: d.now, from: "failed", skip: ["s"] });
  d.finish("a");
  expect(d.states()).toEqual({ a: "SUCCESS", s: "SKIPPED", b: "CREATED" });
  d.expand("b", SEQUENCE);
  expect(d.state.status).toBe("SUCCESS");
});
