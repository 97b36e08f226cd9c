import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import { toExecutionJson } from "./json.ts";
import { CONSTANT_RETRY, Driver, flowOf, SEQUENCE, SUBFLOW, task } from "./testing.ts";

const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });
const parallel = (concurrency = 0): Expansion => ({ kind: "parallel", list: "tasks", concurrency });
const each = (values: readonly string[], concurrency: number, spread = false): Expansion => ({
  kind: "each",
  list: "tasks",
  values: [...values],
  concurrency,
  ...(spread ? { spread } : {}),
});

describe("a restart", () => {
  test("[K4] of what has not ended changes nothing", () => {
    const d = new Driver(flowOf([task("a")])).create();
    expect(d.changes(() => d.restart())).toBe(false);
  });

  test("of what is paused begins the paused tasks again, and leaves the rest alone", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y")))])).create();
    d.expand("p", parallel()).expand("x", { kind: "pause", until: 5_000 }).dispatch("y").restart();
    expect([d.state.status, d.state.attempt, d.states()]).toEqual([
      "RUNNING",
      2,
      { p: "RUNNING", x: "RESTARTED", y: "RUNNING" },
    ]);
    d.advance(10_000);
    expect(d.run("x").state).toBe("RESTARTED");
    d.finish("x").finish("y");
    expect([d.state.status, d.state.paused, d.state.live]).toEqual(["SUCCESS", 0, 0]);
  });

  test("of what was paused by hand needs a paused task", () => {
    const d = new Driver(flowOf([task("a")])).create();
    d.apply({ kind: "pause-requested", at: d.now });
    expect(d.changes(() => d.restart())).toBe(false);
  });

  test("goes through nested Sequentials to the one failed task", () => {
    const inner = task("inner", lists(task("x"), task("y")));
    const d = new Driver(flowOf([task("outer", lists(task("w"), inner)), task("z")])).create();
    d.expand("outer", SEQUENCE).finish("w").expand("inner", SEQUENCE).finish("x").fail("y");
    expect(d.states()).toEqual({ outer: "FAILED", w: "SUCCESS", inner: "FAILED", x: "SUCCESS", y: "FAILED" });
    d.restart();
    expect(d.states()).toEqual({ outer: "RUNNING", w: "SUCCESS", inner: "RUNNING", x: "SUCCESS", y: "RESTARTED" });
    d.finish("y").finish("z");
    expect(d.state.status).toBe("SUCCESS");
    expect(d.run("outer").histories.map((entry) => entry.state)).toEqual([
      "CREATED",
      "RUNNING",
      "FAILED",
      "RUNNING",
      "SUCCESS",
    ]);
  });

  test("of a Parallel under a limit runs the failed branch again and opens the ones never opened", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y"), task("z")))])).create();
    d.expand("p", parallel(1)).fail("x");
    expect([d.state.status, d.has("y")]).toEqual(["FAILED", false]);
    d.restart();
    expect(d.states()).toEqual({ p: "RUNNING", x: "RESTARTED" });
    d.finish("x").finish("y").finish("z");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[C6] waits for an attempt that the failure left running, and does not start it again", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y")))])).create();
    d.expand("p", parallel()).dispatch("y").fail("x");
    const asked = d.asked.length;
    d.restart();
    expect(d.asked.slice(asked).filter((effect) => effect.kind === "run-task")).toHaveLength(1);
    d.finish("x");
    expect(d.state.status).toBe("RUNNING");
    d.finish("y");
    expect([d.state.status, d.run("y").attempts.length]).toEqual(["SUCCESS", 1]);
  });

  test("of a ForEach goes on in each value where it stopped", () => {
    const d = new Driver(flowOf([task("f", lists(task("x"), task("y")))])).create();
    d.expand("f", each(["1", "2", "3"], 2));
    d.finish("x", {}, "1").finish("x", {}, "2").finish("y", {}, "1").fail("y", "2");
    expect(d.states()["x[3]"]).toBe("KILLED");
    d.restart();
    expect(d.states()).toMatchObject({
      "x[1]": "SUCCESS",
      "y[1]": "SUCCESS",
      "y[2]": "RESTARTED",
      "x[3]": "RESTARTED",
    });
    d.finish("x", {}, "3").finish("y", {}, "2").finish("y", {}, "3");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("of a ForEach that runs one value at a time does not skip the values after the failed one", () => {
    const d = new Driver(flowOf([task("f", lists(task("x")))])).create().expand("f", each(["1", "2", "3"], 1));
    d.finish("x", {}, "1").fail("x", "2").restart().finish("x", {}, "2").finish("x", {}, "3");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("of an EachParallel starts the failed pair alone", () => {
    const d = new Driver(flowOf([task("f", lists(task("x"), task("y")))]))
      .create()
      .expand("f", each(["1", "2"], 0, true));
    d.finish("x", {}, "1").finish("y", {}, "1").finish("x", {}, "2").fail("y", "2").restart();
    expect(Object.values(d.states()).filter((state) => state === "RESTARTED")).toHaveLength(1);
    d.finish("y", {}, "2");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("of a ForEach within a ForEach keeps the values of both", () => {
    const inner = task("in", lists(task("x")));
    const d = new Driver(flowOf([task("out", lists(inner))])).create().expand("out", each(["a", "b"], 1));
    d.expand("in", each(["1", "2"], 1), "a")
      .finish("x", {}, "1")
      .fail("x", "2");
    d.restart().finish("x", {}, "2");
    d.expand("in", each(["1"], 1), "b").finish("x", {}, "1");
    expect(d.state.status).toBe("SUCCESS");
    const values = [...d.state.runs].map((run) => [d.plan.tasks[run.task]?.id, run.value, run.iteration]);
    expect(values).toEqual([
      ["out", undefined, undefined],
      ["in", "a", 0],
      ["x", "1", 0],
      ["x", "2", 1],
      ["in", "b", 1],
      ["x", "1", 0],
    ]);
  });

  test("of an If that failed to render asks for its rendering again", () => {
    const d = new Driver(flowOf([task("if", { lists: { yes: [task("x")] } })])).create();
    d.expand("if", { kind: "nothing", state: "FAILED", message: "no" }).restart();
    expect(d.run("if").error).toBeUndefined();
    d.expand("if", { kind: "sequence", list: "yes" }).finish("x");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("drops the errors branch with everything below it", () => {
    const handler = task("h", lists(task("h1"), task("h2", lists(task("h3")))));
    const d = new Driver(flowOf([task("a")], { errors: [handler] })).create().fail("a");
    d.expand("h", SEQUENCE).finish("h1").expand("h2", SEQUENCE).finish("h3");
    expect(d.state.status).toBe("FAILED");
    d.restart();
    expect(toExecutionJson(d.state, d.plan).taskRunList?.map((run) => run.taskId)).toEqual(["a"]);
    d.finish("a");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("drops a flowable's own errors branch, and it runs anew after the next failure", () => {
    const s = task("s", { lists: { tasks: [task("x")], errors: [task("e")] } });
    const d = new Driver(flowOf([s])).create().expand("s", SEQUENCE).fail("x").finish("e");
    d.restart();
    expect(d.states()).toEqual({ s: "RUNNING", x: "RESTARTED" });
    d.fail("x");
    expect(d.state.status).toBe("RUNNING");
    d.finish("e");
    expect(d.state.status).toBe("FAILED");
  });

  test("runs finally again, and afterExecution after the new end", () => {
    const d = new Driver(flowOf([task("a")], { finally: [task("f")], afterExecution: [task("z")] })).create();
    d.fail("a").finish("f").finish("z").restart();
    expect(d.states()).toEqual({ a: "RESTARTED" });
    d.finish("a").finish("f");
    expect([d.state.status, d.states()]).toEqual(["SUCCESS", { a: "SUCCESS", f: "SUCCESS", z: "CREATED" }]);
    d.finish("z");
    expect(d.run("z").state).toBe("SUCCESS");
  });

  test("when only finally had failed runs finally alone", () => {
    const d = new Driver(flowOf([task("a")], { finally: [task("f")] })).create().finish("a").fail("f");
    expect(d.state.status).toBe("FAILED");
    d.restart();
    expect(d.states()).toEqual({ a: "SUCCESS", f: "CREATED" });
    d.finish("f");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("while afterExecution still runs stops it, and its answer is not heard", () => {
    const after = task("s", lists(task("x"), task("y")));
    const d = new Driver(flowOf([task("a")], { afterExecution: [after] })).create().fail("a");
    d.expand("s", SEQUENCE).dispatch("x");
    const effect = d.effect("x");
    d.restart();
    expect(d.asked).toContainEqual(expect.objectContaining({ kind: "cancel-task", target: effect }));
    const late = () => d.apply({ kind: "task-finished", at: d.now, effect, answer: { state: "SUCCESS" } });
    expect(d.changes(late)).toBe(false);
    expect(d.states()).toEqual({ a: "RESTARTED" });
  });

  test("counts nothing of afterExecution any more, neither as living nor as retrying", () => {
    const after = task("z", { retry: CONSTANT_RETRY });
    const d = new Driver(flowOf([task("a")], { afterExecution: [after] })).create().fail("a").fail("z");
    expect([d.state.live, d.state.retrying]).toEqual([1, 1]);
    d.restart();
    expect([d.state.live, d.state.retrying, d.state.status]).toEqual([1, 0, "RUNNING"]);
    d.finish("a").finish("z");
    expect([d.state.live, d.state.status]).toEqual([0, "SUCCESS"]);
  });

  test("takes a pause of afterExecution back, so that a later pause can be resumed", () => {
    const d = new Driver(flowOf([task("a")], { afterExecution: [task("z")] })).create().fail("a");
    d.expand("z", { kind: "pause" }).restart();
    expect(d.state.paused).toBe(0);
    d.expand("a", { kind: "pause" }).resume();
    expect([d.state.paused, d.state.histories.at(-2)?.state]).toEqual([0, "RUNNING"]);
  });

  test("of a killed execution starts what was killed and keeps what had succeeded", () => {
    const d = new Driver(flowOf([task("p", lists(task("x"), task("y"), task("z")))])).create();
    d.expand("p", parallel()).finish("x").dispatch("y").kill();
    d.stopped("y").restart();
    expect(d.states()).toEqual({ p: "RUNNING", x: "SUCCESS", y: "RESTARTED", z: "RESTARTED" });
    d.finish("y").finish("z");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("of a cancelled execution asks again for what its pause would have been", () => {
    const d = new Driver(flowOf([task("p"), task("b")])).create();
    d.expand("p", { kind: "pause", until: 2_000, behavior: "CANCEL" }).advance(1_000);
    expect(d.state.status).toBe("CANCELLED");
    d.restart().expand("p", { kind: "pause" }).resume().finish("b");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("of a failed subflow task starts another execution, under a new effect", () => {
    const d = new Driver(flowOf([task("s")])).create().expand("s", SUBFLOW);
    const first = d.effect("s");
    d.ended("s", "FAILED").restart().expand("s", SUBFLOW);
    expect(d.effect("s")).not.toBe(first);
    d.ended("s", "SUCCESS");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("does not forget the attempts there were: a spent retry policy gives no further try", () => {
    const d = new Driver(flowOf([task("a", { retry: { ...CONSTANT_RETRY, maxAttempts: 2 } })])).create();
    d.fail("a").advance(1_000).fail("a").restart().fail("a");
    expect([d.state.status, d.run("a").attempts.length]).toEqual(["FAILED", 3]);
  });

  test("renders the outputs anew when only they had failed", () => {
    const outputs = [{ id: "o", type: "STRING" as const, value: "x" }];
    const d = new Driver(flowOf([task("a")], { outputs })).create().finish("a");
    const render = (more: object) =>
      d.apply({ kind: "outputs-rendered", at: d.now, effect: d.state.pending[0]?.id ?? "", ...more });
    render({ error: "no" });
    expect(d.state.status).toBe("FAILED");
    d.restart();
    render({ outputs: { o: "x" } });
    expect([d.state.status, d.state.outputs, d.state.attempt]).toEqual(["SUCCESS", { o: "x" }, 2]);
  });

  test("keeps a WARNING there was in the state of its containers", () => {
    const soft = task("x", { allowFailure: true });
    const d = new Driver(flowOf([task("p", lists(soft, task("y")))])).create().expand("p", parallel());
    d.fail("x").fail("y").restart().finish("y");
    expect([d.run("p").state, d.state.status]).toEqual(["WARNING", "WARNING"]);
  });

  test("can be done again and again", () => {
    const d = new Driver(flowOf([task("s", lists(task("x")))])).create().expand("s", SEQUENCE);
    for (let time = 1; time <= 5; time++) {
      d.fail("x");
      expect(d.state.status).toBe("FAILED");
      d.restart();
      expect(d.state.attempt).toBe(time + 1);
    }
    d.finish("x");
    expect([d.state.status, d.run("x").attempts.length]).toEqual(["SUCCESS", 6]);
  });
});
