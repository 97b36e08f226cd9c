import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import { CONSTANT_RETRY, Driver, flowOf, SEQUENCE, task } from "./testing.ts";

const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });
const parallel = (concurrency = 0): Expansion => ({ kind: "parallel", list: "tasks", concurrency });
const each = (values: readonly string[], concurrency: number, spread = false): Expansion => ({
  kind: "each",
  list: "tasks",
  values: [...values],
  concurrency,
  ...(spread ? { spread } : {}),
});
const letters = (count: number) => Array.from({ length: count }, (_, index) => String.fromCharCode(97 + index));
const open = (d: Driver) => [...d.state.runs].filter((run) => run.waiting?.kind === "start").length;

describe("Parallel", () => {
  test.for([0, 1, 2, 3, 5, 9])(
    "[C1] with limit %i of 6 never has more open, and opens the next at each end",
    (limit) => {
      const names = letters(6);
      const d = new Driver(flowOf([task("p", lists(...names.map((name) => task(name))))]))
        .create()
        .expand("p", parallel(limit));
      const most = limit === 0 ? 6 : Math.min(limit, 6);
      for (const [index, name] of names.entries()) {
        expect(open(d)).toBe(Math.min(most, 6 - index));
        d.finish(name);
      }
      expect(d.state.status).toBe("SUCCESS");
    },
  );

  test("[C2] opens nothing after a failure, and its errors run while siblings still do", () => {
    const p = task("p", { lists: { tasks: [task("a"), task("b"), task("c")], errors: [task("e")] } });
    const d = new Driver(flowOf([p])).create().expand("p", parallel(2)).dispatch("b").fail("a");
    expect(d.states()).toEqual({ p: "RUNNING", a: "FAILED", b: "RUNNING", e: "CREATED" });
    d.finish("b");
    expect(d.has("c")).toBe(false);
    d.finish("e");
    expect(d.state.status).toBe("FAILED");
  });

  test("[C2] an unlimited one with a failing child stops the children that nobody has begun", () => {
    const d = new Driver(flowOf([task("p", lists(task("a"), task("b")))])).create().expand("p", parallel()).fail("a");
    expect(d.states()).toEqual({ p: "FAILED", a: "FAILED", b: "KILLED" });
  });

  test("[C4] is the worst of its children", () => {
    const outcome = (...states: ("SUCCESS" | "WARNING" | "FAILED" | "KILLED" | "SKIPPED" | "CANCELLED")[]) => {
      const names = letters(states.length);
      const d = new Driver(flowOf([task("p", lists(...names.map((name) => task(name))))])).create();
      d.expand("p", parallel());
      for (const name of names) d.dispatch(name);
      for (const [index, name] of names.entries()) d.finish(name, { state: states[index] ?? "SUCCESS" });
      return d.run("p").state;
    };
    expect(outcome("SUCCESS", "SUCCESS")).toBe("SUCCESS");
    expect(outcome("SUCCESS", "WARNING")).toBe("WARNING");
    expect(outcome("SKIPPED", "CANCELLED")).toBe("SUCCESS");
    expect(outcome("WARNING", "FAILED")).toBe("FAILED");
    expect(outcome("WARNING", "KILLED", "FAILED")).toBe("KILLED");
  });

  test("[C5] a child that ends KILLED ends its containers KILLED", () => {
    const d = new Driver(flowOf([task("p", lists(task("a"), task("b"))), task("z")])).create().expand("p", parallel());
    d.finish("a", { state: "KILLED" });
    expect(d.states()).toEqual({ p: "KILLED", a: "KILLED", b: "KILLED" });
    expect(d.state.status).toBe("KILLED");
  });

  test("a failed child that will be retried does not fail it yet", () => {
    const d = new Driver(flowOf([task("p", lists(task("a", { retry: CONSTANT_RETRY }), task("b")))])).create();
    d.expand("p", parallel(1)).fail("a");
    expect([d.run("p").state, d.has("b")]).toEqual(["RUNNING", false]);
    d.advance(1_000).finish("a").finish("b");
    expect(d.state.status).toBe("SUCCESS");
  });
});

describe("ForEach", () => {
  test.for([
    [1, 1],
    [2, 2],
    [3, 3],
    [0, 4],
  ] as const)("[C1] with limit %i of 4 values opens %i at once, each a sequence of its own", ([limit, atOnce]) => {
    const d = new Driver(flowOf([task("f", lists(task("x"), task("y")))])).create();
    d.expand("f", each(letters(4), limit));
    expect(open(d)).toBe(atOnce);
    for (const value of letters(4)) {
      d.finish("x", {}, value);
      expect(d.run("y", value).state).toBe("CREATED");
      d.finish("y", {}, value);
    }
    expect([d.state.status, d.state.runs.size]).toEqual(["SUCCESS", 9]);
  });

  test("with spread starts every pair of value and task, in order of the values", () => {
    const d = new Driver(flowOf([task("f", lists(task("x"), task("y")))]))
      .create()
      .expand("f", each(["1", "2"], 0, true));
    const pairs = [...d.state.runs].slice(1).map((run) => [d.plan.tasks[run.task]?.id, run.value, run.iteration]);
    expect(pairs).toEqual([
      ["x", "1", 0],
      ["y", "1", 0],
      ["x", "2", 1],
      ["y", "2", 1],
    ]);
  });

  test("[C1] with spread and a limit of 3 opens the fourth pair when one ends", () => {
    const d = new Driver(flowOf([task("f", lists(task("x"), task("y")))]))
      .create()
      .expand("f", each(["1", "2"], 3, true));
    expect(open(d)).toBe(3);
    d.finish("y", {}, "1");
    expect(d.run("y", "2").state).toBe("CREATED");
  });

  test("[C2] a failure in one value stops the others before their next task", () => {
    const d = new Driver(flowOf([task("f", lists(task("x"), task("y")))])).create().expand("f", each(["1", "2"], 0));
    d.finish("x", {}, "1").dispatchOf("x", "2").fail("y", "1");
    expect(d.states()).toEqual({ f: "FAILED", "x[1]": "SUCCESS", "y[1]": "FAILED", "x[2]": "RUNNING" });
    d.finish("x", {}, "2");
    expect([d.state.runs.size, d.state.status]).toEqual([4, "FAILED"]);
  });

  test("nested with concurrency runs every pair once and ends when the last has", () => {
    const inner = task("in", lists(task("x")));
    const d = new Driver(flowOf([task("out", lists(inner))])).create().expand("out", each(["a", "b", "c"], 2));
    const seen: string[] = [];
    for (const value of ["a", "b", "c"]) {
      d.expand("in", each(["1", "2"], 2), value);
      const parent = d.run("in", value).index;
      for (const run of [...d.state.runs].filter((child) => child.parent === parent)) {
        seen.push(`${value}${run.value}`);
        if (run.waiting?.kind !== "start") throw new Error("not started");
        d.apply({ kind: "task-finished", at: d.now, effect: run.waiting.effect, answer: { state: "SUCCESS" } });
      }
    }
    expect(seen).toEqual(["a1", "a2", "b1", "b2", "c1", "c2"]);
    expect(d.state.status).toBe("SUCCESS");
  });

  test("with errors of its own runs them once, whatever number of values failed", () => {
    const f = task("f", { lists: { tasks: [task("x")], errors: [task("e")] } });
    const d = new Driver(flowOf([f])).create().expand("f", each(["1", "2"], 0));
    d.dispatchOf("x", "1").dispatchOf("x", "2").fail("x", "1").fail("x", "2");
    expect([...d.state.runs].filter((run) => run.stage === "errors")).toHaveLength(1);
    d.finish("e");
    expect(d.run("f").state).toBe("FAILED");
  });

  test.for([
    [20, "as many", "SUCCESS"],
    [19, "one more", "FAILED"],
  ] as const)("[I18] of %i task runs, with %s in the flow, ends %s", ([maxTaskRuns, , state]) => {
    const values = Array.from({ length: 18 }, (_, index) => String(index));
    const d = new Driver(flowOf([task("f", lists(task("x")))], { finally: [task("z")] }), { maxTaskRuns }).create();
    d.expand("f", each(values, 0));
    for (const value of values) d.finish("x", {}, value);
    if (state === "SUCCESS") d.finish("z");
    const message = "An execution may have 19 task runs; split the work into subflows.";
    expect([d.state.status, [...d.state.runs].find((run) => run.error !== undefined)?.error]).toEqual([
      state,
      state === "SUCCESS" ? undefined : message,
    ]);
  });
});

describe("errors, finally and afterExecution", () => {
  const full = (more: Partial<Task> = {}) =>
    task("s", {
      ...more,
      lists: { tasks: [task("a"), task("b")], errors: [task("e1"), task("e2")], finally: [task("f1"), task("f2")] },
    });

  test("[C3] of a flowable run in order after a failure, each past its own failures", () => {
    const d = new Driver(flowOf([full(), task("z")])).create().expand("s", SEQUENCE);
    d.fail("a").fail("e1").fail("e2");
    expect(d.states()).toMatchObject({ e1: "FAILED", e2: "FAILED", f1: "CREATED" });
    d.fail("f1").finish("f2");
    expect([d.run("s").state, d.state.status, d.has("z")]).toEqual(["FAILED", "FAILED", false]);
  });

  test("[C3] finally runs without errors after success, and its failure fails the flowable", () => {
    const d = new Driver(flowOf([full()])).create().expand("s", SEQUENCE).finish("a").finish("b");
    expect(d.has("e1")).toBe(false);
    d.fail("f1").finish("f2");
    expect(d.run("s").state).toBe("FAILED");
  });

  test("[C4] errors that all succeed do not make the flowable succeed; allowFailure makes it WARNING", () => {
    for (const [more, state] of [
      [{}, "FAILED"],
      [{ allowFailure: true }, "WARNING"],
      [{ allowFailure: true, allowWarning: true }, "SUCCESS"],
    ] as const) {
      const d = new Driver(flowOf([full(more)])).create().expand("s", SEQUENCE).fail("a");
      d.finish("e1").finish("e2").finish("f1").finish("f2");
      expect(d.run("s").state).toBe(state);
      expect(d.state.status).toBe(state);
    }
  });

  test("a flowable's errors run before those of the flow", () => {
    const d = new Driver(flowOf([full()], { errors: [task("outer")] })).create().expand("s", SEQUENCE).fail("a");
    d.finish("e1").finish("e2").finish("f1");
    expect(d.has("outer")).toBe(false);
    d.finish("f2").finish("outer");
    expect(d.state.status).toBe("FAILED");
  });

  test("a flowable in errors has children, errors and finally of its own", () => {
    const d = new Driver(flowOf([task("x")], { errors: [full(), task("last")] })).create().fail("x");
    d.expand("s", SEQUENCE).fail("a").finish("e1").finish("e2").finish("f1").finish("f2");
    expect(d.run("s").state).toBe("FAILED");
    d.finish("last");
    expect(d.state.status).toBe("FAILED");
  });

  test("a flowable in afterExecution runs to its end and its failure changes nothing", () => {
    const d = new Driver(flowOf([task("x")], { afterExecution: [full(), task("last")] })).create().finish("x");
    d.expand("s", SEQUENCE).fail("a").finish("e1").finish("e2").finish("f1").finish("f2").finish("last");
    expect([d.state.status, d.run("s").state, d.run("last").state]).toEqual(["SUCCESS", "FAILED", "SUCCESS"]);
  });

  test("a warning starts no errors and makes the flow WARNING", () => {
    const d = new Driver(flowOf([task("a"), task("b")], { errors: [task("e")] })).create();
    d.finish("a", { state: "WARNING" }).finish("b");
    expect([d.state.status, d.has("e")]).toEqual(["WARNING", false]);
  });

  test("a failed errors task is retried by its policy before the next", () => {
    const d = new Driver(flowOf([task("a")], { errors: [task("e1", { retry: CONSTANT_RETRY }), task("e2")] })).create();
    d.fail("a").fail("e1");
    expect([d.run("e1").state, d.has("e2")]).toEqual(["RETRYING", false]);
    d.advance(1_000).finish("e1").finish("e2");
    expect(d.state.status).toBe("FAILED");
  });

  test("[C6] a sibling that is retrying when finally begins is not tried again", () => {
    const p = task("p", { lists: { tasks: [task("a"), task("b", { retry: CONSTANT_RETRY })], finally: [task("f")] } });
    const d = new Driver(flowOf([p])).create().expand("p", parallel()).fail("b").fail("a");
    expect(d.states()).toEqual({ p: "RUNNING", a: "FAILED", b: "KILLED", f: "CREATED" });
    d.advance(5_000).finish("f");
    expect(d.states().p).toBe("FAILED");
  });

  test("a disabled task is as if it were not there, in every list", () => {
    const off = { disabled: true };
    const s = task("s", { lists: { tasks: [task("x", off), task("y")], errors: [task("e", off)] } });
    const d = new Driver(flowOf([s], { finally: [task("f", off)], errors: [task("g", off)] })).create();
    d.expand("s", SEQUENCE).fail("y");
    expect([d.state.status, d.states()]).toEqual(["FAILED", { s: "FAILED", y: "FAILED" }]);
  });

  test("a flowable whose children are all disabled is SUCCESS", () => {
    const off = task("x", { disabled: true });
    for (const expansion of [SEQUENCE, parallel(), each(["1", "2"], 0), each(["1"], 0, true)])
      expect(new Driver(flowOf([task("s", lists(off))])).create().expand("s", expansion).state.status).toBe("SUCCESS");
  });
});
