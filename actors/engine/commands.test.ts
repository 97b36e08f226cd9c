import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import { FLAGS } from "./flags.ts";
import { KILL_GRACE_MS } from "./stop.ts";
import { CONSTANT_RETRY, Driver, flowOf, SEQUENCE, SUBFLOW, task } from "./testing.ts";

const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });

describe("kill", () => {
  type Shape = { name: string; to: (d: Driver) => Driver; endsAtOnce: boolean; asks: readonly string[] };
  const shapes: readonly Shape[] = [
    { name: "start", to: (d) => d, endsAtOnce: true, asks: ["cancel-task", "log", "log"] },
    {
      name: "answer",
      to: (d) => d.dispatch("a", { leaseUntil: 90_000 }),
      endsAtOnce: false,
      asks: ["log", "wake-at", "cancel-task"],
    },
    { name: "retry", to: (d) => d.fail("a"), endsAtOnce: true, asks: ["log", "log"] },
    {
      name: "sleep",
      to: (d) => d.expand("a", { kind: "sleep", until: 9_000 }),
      endsAtOnce: true,
      asks: ["log", "log"],
    },
    { name: "pause", to: (d) => d.expand("a", { kind: "pause" }), endsAtOnce: true, asks: ["log", "log"] },
    {
      name: "pause with a timer",
      to: (d) => d.expand("a", { kind: "pause", until: 9_000 }),
      endsAtOnce: true,
      asks: ["log", "log"],
    },
    { name: "subflow", to: (d) => d.expand("a", SUBFLOW), endsAtOnce: false, asks: ["log", "wake-at"] },
    {
      name: "subflow that runs",
      to: (d) => d.expand("a", SUBFLOW).started("a", "child"),
      endsAtOnce: false,
      asks: ["log", "wake-at", "kill-execution"],
    },
  ];

  test.for(shapes)("[K1][K2] a run that waits for $name ends KILLED and asks for no new attempt", (shape) => {
    const d = shape.to(new Driver(flowOf([task("a", { retry: CONSTANT_RETRY }), task("b")])).create());
    const asked = d.kill();
    expect(asked.map((effect) => effect.kind).sort()).toEqual([...shape.asks].sort());
    expect(d.state.status).toBe(shape.endsAtOnce ? "KILLED" : "KILLING");
    const count = d.asked.length;
    d.advance(KILL_GRACE_MS + 100_000);
    expect(d.state.status).toBe("KILLED");
    expect(d.states()).toEqual({ a: "KILLED" });
    expect(d.asked.slice(count).filter((effect) => effect.kind === "run-task")).toEqual([]);
    expect(d.run("a").waiting).toBeUndefined();
  });

  test("[K1] a job that was queued but never claimed is asked back, so that no agent starts it after the kill", () => {
    const d = new Driver(flowOf([task("a")])).create();
    const target = d.effect("a");
    expect(d.kill()).toContainEqual(expect.objectContaining({ kind: "cancel-task", target, queued: true }));
  });

  test("a run held back by a manual pause is killed at once", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create();
    d.apply({ kind: "pause-requested", at: d.now });
    d.finish("a").kill();
    expect(d.states()).toEqual({ a: "SUCCESS", b: "KILLED" });
    expect(d.state.held).toBe(false);
  });

  test("an execution that waits for its schedule date is killed and never starts", () => {
    const d = new Driver(flowOf([task("a")])).create({ scheduleAt: 9_000 });
    d.kill();
    expect(d.state.status).toBe("KILLED");
    const { state } = d.advance(20_000);
    expect([state.status, state.runs.size, state.pending.length]).toEqual(["KILLED", 0, 0]);
  });

  test("flowables are KILLING until their last attempt has stopped", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y")))])).create();
    d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).dispatch("x").dispatch("y").kill();
    expect(d.states()).toEqual({ p: "KILLING", x: "KILLING", y: "KILLING" });
    d.stopped("x");
    expect([d.state.status, d.states().p]).toEqual(["KILLING", "KILLING"]);
    d.stopped("y");
    expect(d.state.status).toBe("KILLED");
    expect(d.states()).toEqual({ p: "KILLED", x: "KILLED", y: "KILLED" });
  });

  test("[E2] a second kill, and one of what has ended, change nothing", () => {
    const d = new Driver(flowOf([task("a")])).create().dispatch("a");
    d.kill();
    expect(d.changes(() => d.kill())).toBe(false);
    d.stopped("a");
    expect(d.changes(() => d.kill())).toBe(false);
  });

  test("without cascade a subflow goes on and its parent ends at once", () => {
    const d = new Driver(flowOf([task("a")])).create().expand("a", SUBFLOW).started("a", "child");
    d.kill(false);
    expect([d.state.status, d.state.pending.length]).toEqual(["KILLED", 0]);
  });

  test("the end of the stop may be the target's answer, its loss, or the acknowledgement", () => {
    for (const how of ["task-finished", "task-lost", "effect-acknowledged"] as const) {
      const d = new Driver(flowOf([task("a")])).create().dispatch("a");
      d.kill();
      const { waiting } = d.run("a");
      if (waiting?.kind !== "cancel") throw new Error("not waiting for the stop");
      const { target: effect, effect: cancel } = waiting;
      const at = d.now;
      if (how === "task-finished") d.apply({ kind: how, at, effect, answer: { state: "SUCCESS" } });
      else if (how === "task-lost") d.apply({ kind: how, at, effect, reason: "gone" });
      else d.apply({ kind: how, at, effect: cancel });
      expect([how, d.state.status, d.run("a").state]).toEqual([how, "KILLED", "KILLED"]);
    }
  });

  test("a lost lease of an attempt that is being stopped ends it, and it is not given to another", () => {
    const d = new Driver(flowOf([task("a")])).create().dispatch("a", { leaseUntil: 2_000 });
    d.kill();
    const asks = d.asked.filter((effect) => effect.kind === "run-task").length;
    d.advance(5_000);
    expect(d.state.status).toBe("KILLING");
    d.advance(KILL_GRACE_MS);
    expect(d.state.status).toBe("KILLED");
    expect(d.asked.filter((effect) => effect.kind === "run-task")).toHaveLength(asks);
  });

  test("a kill while the outputs are rendered wins over their answer", () => {
    const outputs = [{ id: "o", type: "STRING" as const, value: "x" }];
    const d = new Driver(flowOf([task("a")], { outputs })).create().finish("a");
    const effect = d.state.pending[0]?.id ?? "";
    d.kill();
    expect(d.changes(() => d.apply({ kind: "outputs-rendered", at: d.now, effect, outputs: { o: "x" } }))).toBe(false);
    expect([d.state.status, d.state.outputs]).toEqual(["KILLED", undefined]);
  });

  test("[N3] afterExecution runs after a kill, and a second kill finds the execution ended", () => {
    const d = new Driver(flowOf([task("a")], { afterExecution: [task("z")] }));
    d.create({ flags: [FLAGS.afterStop] }).kill();
    expect([d.state.status, d.run("z").state]).toEqual(["KILLED", "CREATED"]);
    expect(d.changes(() => d.kill())).toBe(false);
    d.finish("z");
    expect([d.state.status, d.run("z").state, d.state.live]).toEqual(["KILLED", "SUCCESS", 0]);
  });

  test("in a log without the flag afterExecution does not run after a kill; a parent is told", () => {
    const d = new Driver(flowOf([task("a")], { afterExecution: [task("z")] }));
    d.create({ parent: { executionId: "p", effect: "0:1", depth: 1 } }).kill();
    expect(d.has("z")).toBe(false);
    expect(d.state.pending).toMatchObject([{ kind: "notify-parent", state: "KILLED" }]);
  });
});

describe("pause and resume", () => {
  test("[E2] a resume of a run that is not paused, or of nothing, changes nothing", () => {
    const d = new Driver(flowOf([task("p"), task("b")])).create();
    expect(d.changes(() => d.resume())).toBe(false);
    d.expand("p", { kind: "pause" });
    for (const run of [1, 7, -1]) expect(d.changes(() => d.resume(run))).toBe(false);
    expect(d.changes(() => d.resume(0))).toBe(true);
    expect(d.changes(() => d.resume(0))).toBe(false);
  });

  test("with two paused tasks the execution goes on after the second resume", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y")))])).create();
    d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
    d.expand("x", { kind: "pause" }).expand("y", { kind: "pause" });
    expect(d.state.paused).toBe(2);
    d.resume();
    expect([d.state.status, d.states().x, d.states().y]).toEqual(["PAUSED", "SUCCESS", "PAUSED"]);
    d.resume();
    expect(d.state.status).toBe("SUCCESS");
    expect(d.state.histories.map((entry) => entry.state)).toEqual([
      "CREATED",
      "RUNNING",
      "PAUSED",
      "RESTARTED",
      "RUNNING",
      "SUCCESS",
    ]);
  });

  test("a paused task is resumed before the manual pause of its execution", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y"))), task("b")])).create();
    d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
    d.apply({ kind: "pause-requested", at: d.now });
    d.expand("x", { kind: "pause" }).finish("y");
    d.resume();
    expect([d.state.status, d.state.held, d.run("b").waiting]).toEqual(["PAUSED", true, { kind: "held" }]);
    d.resume();
    expect([d.state.status, d.run("b").waiting?.kind]).toEqual(["RUNNING", "start"]);
  });

  test("a manual pause resumes directly to RUNNING, and stays PAUSED while a task is paused", () => {
    const d = new Driver(flowOf([task("a"), task("b")])).create();
    d.apply({ kind: "pause-requested", at: d.now });
    d.expand("a", { kind: "pause", until: 5_000 });
    d.apply({ kind: "resume-requested", at: d.now });
    d.resume();
    expect(d.state.histories.map((entry) => entry.state)).toEqual(["CREATED", "RUNNING", "PAUSED", "RUNNING"]);
  });

  test("children of a Pause run after its resume, and its end is theirs", () => {
    const d = new Driver(flowOf([task("p", lists(task("x")))])).create().expand("p", { kind: "pause" });
    d.resume(0, { ok: 1 });
    expect(d.states()).toEqual({ p: "RUNNING", x: "CREATED" });
    d.fail("x");
    expect([d.run("p").state, d.run("p").outputs]).toEqual(["FAILED", { onResume: { ok: 1 } }]);
  });

  test("a pause whose time is over without success does not run its children", () => {
    const d = new Driver(flowOf([task("p", lists(task("x")))])).create();
    d.expand("p", { kind: "pause", until: 1_100, behavior: "WARN" }).advance(100);
    expect([d.has("x"), d.state.status]).toEqual([false, "WARNING"]);
  });

  test("[E2] a pause of what is not RUNNING changes nothing", () => {
    const d = new Driver(flowOf([task("a")])).create({ scheduleAt: 9_000 });
    const pause = () => d.apply({ kind: "pause-requested", at: d.now });
    expect(d.changes(pause)).toBe(false);
    d.advance(9_000);
    pause();
    expect(d.changes(pause)).toBe(false);
    d.finish("a");
    expect([d.state.status, d.changes(pause)]).toEqual(["SUCCESS", false]);
  });

  test("[N3] a pause in afterExecution that elapses with CANCEL ends CANCELLED and leaves the terminal state alone", () => {
    const d = new Driver(flowOf([task("a")], { afterExecution: [task("p"), task("z")] })).create().finish("a");
    d.expand("p", { kind: "pause", until: 2_000, behavior: "CANCEL" }).advance(5_000);
    expect(d.states()).toEqual({ a: "SUCCESS", p: "CANCELLED", z: "CREATED" });
    expect(d.state.histories.map((entry) => entry.state)).toEqual(["CREATED", "RUNNING", "SUCCESS"]);
  });

  test("a pause that elapses with CANCEL stops the branches beside it", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y")))])).create();
    const parallel: Expansion = { kind: "parallel", list: "tasks", concurrency: 0 };
    d.expand("p", parallel)
      .expand("x", { kind: "pause", until: 2_000, behavior: "CANCEL" })
      .dispatch("y")
      .advance(1_000);
    expect([d.state.status, d.states()]).toEqual(["KILLING", { p: "KILLING", x: "KILLED", y: "KILLING" }]);
    d.stopped("y");
    expect(d.state.status).toBe("CANCELLED");
  });
});

function killedEarly(): Driver {
  const d = new Driver(flowOf([task("a")])).create({ scheduleAt: 9_000 });
  d.kill();
  return d;
}

test("the first task runs when an execution that was killed before its start is restarted", () => {
  const d = killedEarly();
  d.restart();
  expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "CREATED" }]);
  d.expand("a", SEQUENCE).advance(0);
  expect(d.state.status).toBe("SUCCESS");
});

test("an execution is not PAUSED any more when the branch that paused is over otherwise", () => {
  const both = task("p", { ...lists(task("x"), task("y")), allowFailure: true });
  const d = new Driver(flowOf([both, task("z")])).create({ flags: [FLAGS.pauseFollowsTasks] });
  d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("x", { kind: "pause" });
  expect(d.state.status).toBe("PAUSED");
  d.fail("y");
  expect([d.state.status, d.states()]).toEqual(["RUNNING", { p: "WARNING", x: "KILLED", y: "FAILED", z: "CREATED" }]);
});
