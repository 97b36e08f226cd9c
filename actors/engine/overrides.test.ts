import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import type { State } from "#schema/state.ts";
import { Driver, flowOf, SEQUENCE, task } from "./testing.ts";

const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });
const PARALLEL: Expansion = { kind: "parallel", list: "tasks", concurrency: 0 };
const set = (d: Driver, id: string, state: State) => {
  d.apply({ kind: "task-state-set", at: d.now, run: d.run(id).index, state });
  return d;
};

describe("a task run that is said to have ended otherwise", () => {
  test("[O1] lets an execution that failed go on after it, once", () => {
    const flow = flowOf([task("a"), task("b")], { errors: [task("e")], finally: [task("f")] });
    const d = new Driver(flow).create().fail("a").finish("e").finish("f");
    set(d, "a", "SUCCESS");
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "SUCCESS", b: "CREATED" }]);
    expect(d.run("a").attempts).toMatchObject([{ state: "SUCCESS" }]);
    expect(d.state.histories.map(({ state }) => state).slice(-3)).toEqual(["FAILED", "RESTARTED", "RUNNING"]);
    d.finish("b").finish("f");
    expect([d.state.status, d.state.live]).toEqual(["SUCCESS", 0]);
  });

  test("[O2] opens the flowables round it", () => {
    const d = new Driver(flowOf([task("s", lists(task("t", lists(task("x"), task("y"))))), task("z")])).create();
    d.expand("s", SEQUENCE).expand("t", SEQUENCE).fail("x");
    expect(d.state.status).toBe("FAILED");
    set(d, "x", "WARNING");
    expect(d.states()).toEqual({ s: "RUNNING", t: "RUNNING", x: "WARNING", y: "CREATED" });
    d.finish("y").finish("z");
    expect([d.state.status, d.run("s").state]).toEqual(["WARNING", "WARNING"]);
  });

  test("[O2] as FAILED runs the errors branch, and what came after it is taken out", () => {
    const d = new Driver(flowOf([task("a"), task("b")], { errors: [task("e")] })).create().finish("a").finish("b");
    set(d, "a", "FAILED");
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "FAILED", e: "CREATED" }]);
    d.finish("e");
    expect(d.state.status).toBe("FAILED");
  });

  test("[W2] beside another failure fails its container again", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y"), task("w")))])).create().expand("p", PARALLEL);
    d.dispatch("y").dispatch("w").fail("x").fail("y").finish("w");
    set(d, "x", "SUCCESS");
    expect([d.state.status, d.states()]).toEqual(["FAILED", { p: "FAILED", x: "SUCCESS", y: "FAILED", w: "SUCCESS" }]);
    set(d, "y", "SUCCESS");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[W2] starts again what was stopped beside it, and goes on with what was cut short", () => {
    const inner = task("s", lists(task("u"), task("v")));
    const d = new Driver(flowOf([task("p", lists(task("x"), inner, task("w")))])).create().expand("p", PARALLEL);
    d.expand("s", SEQUENCE).fail("x");
    expect(d.states()).toMatchObject({ s: "KILLED", u: "KILLED", w: "KILLED" });
    set(d, "x", "SUCCESS");
    expect(d.states()).toEqual({ p: "RUNNING", x: "SUCCESS", s: "RUNNING", u: "RESTARTED", w: "RESTARTED" });
    d.finish("w").finish("u").finish("v");
    expect([d.state.status, d.state.live]).toEqual(["SUCCESS", 0]);
  });

  test("in an errors or finally branch goes on in that branch", () => {
    const flow = flowOf([task("a")], { errors: [task("e1"), task("e2")], finally: [task("f1"), task("f2")] });
    const d = new Driver(flow).create().fail("a").fail("e1").finish("e2").fail("f1").finish("f2");
    set(d, "e1", "SUCCESS");
    expect(d.states()).toEqual({ a: "FAILED", e1: "SUCCESS", e2: "CREATED" });
    d.finish("e2").fail("f1").finish("f2");
    expect(d.state.status).toBe("FAILED");
    set(d, "f1", "SUCCESS");
    expect(d.states()).toMatchObject({ f1: "SUCCESS", f2: "CREATED" });
    d.finish("f2");
    expect(d.state.status).toBe("FAILED");
  });

  test("is as good as a flowable that ended so", () => {
    const d = new Driver(flowOf([task("s", lists(task("x"))), task("z")])).create().expand("s", SEQUENCE).fail("x");
    set(d, "s", "SUCCESS");
    expect(d.states()).toEqual({ s: "SUCCESS", x: "FAILED", z: "CREATED" });
  });

  test("after the end changes only itself", () => {
    const d = new Driver(flowOf([task("a")], { afterExecution: [task("z"), task("y")] }))
      .create()
      .finish("a")
      .fail("z");
    set(d, "z", "SUCCESS");
    expect([d.state.status, d.run("z").state]).toEqual(["SUCCESS", "SUCCESS"]);
    set(d, "y", "SUCCESS");
    expect([d.state.status, d.state.live]).toEqual(["SUCCESS", 0]);
  });
});

describe("while the execution goes on", () => {
  test("what runs is stopped, and its container goes on", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create().dispatch("a");
    const target = d.effect("a");
    set(d, "a", "SUCCESS");
    expect(d.states()).toEqual({ a: "SUCCESS", b: "CREATED" });
    expect(d.asked).toContainEqual(expect.objectContaining({ kind: "cancel-task", target }));
    expect(
      d.changes(() => d.apply({ kind: "task-finished", at: d.now, effect: target, answer: { state: "FAILED" } })),
    ).toBe(false);
  });

  test("what is paused is over, and the execution runs again", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create().expand("a", { kind: "pause", until: 5_000 });
    set(d, "a", "SKIPPED");
    expect([d.state.status, d.states(), d.state.paused]).toEqual(["RUNNING", { a: "SKIPPED", b: "CREATED" }, 0]);
    expect(d.advance(9_000).state.status).toBe("RUNNING");
  });

  test("a flowable ends with what lives below it", () => {
    const d = new Driver(flowOf([task("s", lists(task("x"))), task("z")])).create().expand("s", SEQUENCE);
    set(d, "s", "FAILED");
    expect([d.state.status, d.states()]).toEqual(["FAILED", { s: "FAILED", x: "KILLED" }]);
  });

  test("[K6] what has ended stays as it is, and so does all of a killed execution", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create().finish("a").dispatch("b");
    expect(d.changes(() => set(d, "a", "FAILED"))).toBe(false);
    d.kill();
    expect(d.changes(() => set(d, "b", "SUCCESS"))).toBe(false);
  });
});

test("an execution that is said to have ended otherwise changes nothing else", () => {
  const d = new Driver(flowOf([task("a")])).create().fail("a");
  d.apply({ kind: "status-set", at: d.now, state: "SUCCESS" });
  expect([d.state.status, d.states()]).toEqual(["SUCCESS", { a: "FAILED" }]);
  expect(d.changes(() => d.apply({ kind: "status-set", at: d.now, state: "SUCCESS" }))).toBe(false);
});
