import { describe, expect, test } from "vitest";
import type { CopiedRun, EventOf, Expansion } from "#schema/event.ts";
import type { Flow, Task } from "#schema/flow.ts";
import { copyRuns, forkProblem, notKept } from "./fork-source.ts";
import { toExecutionJson } from "./json.ts";
import { compilePlan } from "./plan.ts";
import { freeze, thaw } from "./snapshot.ts";
import { Driver, flowOf, SEQUENCE, task } from "./testing.ts";

const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });
const PARALLEL: Expansion = { kind: "parallel", list: "tasks", concurrency: 0 };
const each = (values: string[], concurrency = 1): Expansion => ({ kind: "each", list: "tasks", values, concurrency });
const ABC = flowOf([task("a"), task("b"), task("c")]);

type Rest = Partial<EventOf<"fork-completed">> & {
  flow?: Flow;
  created?: Partial<EventOf<"execution-created">>;
  batch?: number;
};

/** A new execution that goes on from task `from` of `old`, or from what failed in it. */
function fork(
  old: Driver,
  from: string | "failed",
  { flow, created, batch = 100, ...rest }: Rest = {},
  value?: string,
): Driver {
  const { runs, indices } = copyRuns(old.state, old.plan);
  const at = from === "failed" ? "failed" : indices.indexOf(old.run(from, value).index);
  const d = new Driver(flow ?? flowOfPlan(old));
  d.create({ id: "9999999999999999999999", forked: { executionId: "old", seq: old.state.seq }, ...created });
  for (let first = 0; first < runs.length; first += batch)
    d.apply({ kind: "runs-copied", at: d.now, runs: runs.slice(first, first + batch) });
  d.apply({ kind: "fork-completed", at: d.now, from: at, ...rest });
  return d;
}

const flows = new WeakMap<Driver, Flow>();
function flowOfPlan(d: Driver): Flow {
  return flows.get(d) ?? ABC;
}
function run(flow: Flow): Driver {
  const d = new Driver(flow).create();
  flows.set(d, flow);
  return d;
}

describe("a replay from a task", () => {
  test("[F1] keeps what came before it, starts it again, and takes out what came after", () => {
    const old = run(ABC)
      .finish("a", { outputs: { v: 1 } })
      .finish("b")
      .finish("c");
    const d = fork(old, "b");
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "SUCCESS", b: "RESTARTED" }]);
    expect(d.run("a").outputs).toEqual({ v: 1 });
    expect(d.state.histories.map(({ state }) => state)).toEqual(["CREATED", "RESTARTED", "RUNNING"]);
    expect(toExecutionJson(d.state, d.plan).taskRunList?.[0]?.id).toMatch(/^9999999999999999-/);
    d.finish("b").finish("c");
    expect([d.state.status, d.state.live]).toEqual(["SUCCESS", 0]);
  });

  test("asks for nothing of what it kept, and once for the task", () => {
    const d = fork(run(ABC).finish("a").finish("b").finish("c"), "b");
    expect(d.asked.filter(({ kind }) => kind === "run-task")).toMatchObject([{ run: 1, attempt: 1 }]);
  });

  test("[W1] opens the flowables round it and leaves what is beside it", () => {
    const flow = flowOf([task("p", lists(task("s", lists(task("x"), task("y"))), task("w"))), task("z")], {
      errors: [task("e")],
    });
    const old = run(flow).expand("p", PARALLEL).expand("s", SEQUENCE).finish("w").finish("x").finish("y").finish("z");
    const d = fork(old, "x");
    expect(d.states()).toEqual({ p: "RUNNING", s: "RUNNING", w: "SUCCESS", x: "RESTARTED" });
    d.finish("x").finish("y").finish("z");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[W1] in a loop of one turn at a time takes out the later turns, of many turns the others stay", () => {
    const flow = flowOf([task("f", lists(task("x"), task("y")))]);
    const one = run(flow).expand("f", each(["1", "2"]));
    for (const value of ["1", "2"]) one.finish("x", {}, value).finish("y", {}, value);
    const d = fork(one, "y", {}, "1");
    expect(d.states()).toEqual({ f: "RUNNING", "x[1]": "SUCCESS", "y[1]": "RESTARTED" });
    d.finish("y", {}, "1").finish("x", {}, "2").finish("y", {}, "2");
    expect(d.state.status).toBe("SUCCESS");
    const all = run(flow).expand("f", each(["1", "2"], 0));
    for (const value of ["1", "2"]) all.finish("x", {}, value).finish("y", {}, value);
    expect(fork(all, "x", {}, "1").states()).toEqual({
      f: "RUNNING",
      "x[1]": "RESTARTED",
      "x[2]": "SUCCESS",
      "y[2]": "SUCCESS",
    });
  });

  test("of every pair of a loop on its own starts that pair", () => {
    const spread = { ...each(["1", "2"], 0), spread: true } as Expansion;
    const old = run(flowOf([task("f", lists(task("x"), task("y")))])).expand("f", spread);
    for (const value of ["1", "2"]) old.finish("x", {}, value).finish("y", {}, value);
    const d = fork(old, "x", {}, "2");
    expect(d.states()).toEqual({
      f: "RUNNING",
      "x[1]": "SUCCESS",
      "y[1]": "SUCCESS",
      "x[2]": "RESTARTED",
      "y[2]": "SUCCESS",
    });
    expect(d.finish("x", {}, "2").state.status).toBe("SUCCESS");
  });

  test("of a flowable starts it as a whole", () => {
    const old = run(flowOf([task("s", lists(task("x"))), task("z")]))
      .expand("s", SEQUENCE)
      .finish("x")
      .finish("z");
    const d = fork(old, "s");
    expect(d.states()).toEqual({ s: "RESTARTED" });
    d.expand("s", SEQUENCE).finish("x").finish("z");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[W3] in a graph of tasks begins the graph again as a whole", () => {
    const flow = flowOf([task("a"), task("g", lists(task("x"), task("y"))), task("z")]);
    const copy = (taskId: string, parent: number, more: Partial<CopiedRun> = {}): CopiedRun => ({
      ...{ taskId, parent, stage: "main", lane: 0, state: "SUCCESS", histories: [], attempts: [] },
      ...more,
    });
    const graph: Expansion = { kind: "dag", list: "tasks", concurrency: 0, dependsOn: [[], [0]] };
    const runs = [
      copy("a", -1),
      copy("g", -1, { expansion: graph }),
      copy("x", 1),
      copy("y", 1, { lane: 1 }),
      copy("z", -1),
    ];
    const d = new Driver(flow).create({ forked: { executionId: "old" } });
    d.apply({ kind: "runs-copied", at: d.now, runs });
    d.apply({ kind: "fork-completed", at: d.now, from: 3 });
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "SUCCESS", g: "RESTARTED" }]);
  });

  test("in an errors branch goes on there", () => {
    const flow = flowOf([task("a")], { errors: [task("e1"), task("e2")] });
    const d = fork(run(flow).fail("a").finish("e1").finish("e2"), "e2");
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "FAILED", e1: "SUCCESS", e2: "RESTARTED" }]);
    expect(d.finish("e2").state.status).toBe("FAILED");
  });

  test("[F2] of a state in the middle starts what ran beside it as well", () => {
    const old = run(flowOf([task("p", lists(task("x"), task("y")))]))
      .expand("p", PARALLEL)
      .dispatch("y")
      .finish("x");
    const d = fork(old, "x");
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { p: "RUNNING", x: "RESTARTED", y: "RESTARTED" }]);
    expect(d.run("y").attempts).toMatchObject([{ state: "KILLED" }]);
    expect(d.finish("x").finish("y").state.status).toBe("SUCCESS");
  });

  test("gives other outputs to what it kept, and skips what it is told to", () => {
    const old = run(ABC)
      .finish("a", { outputs: { v: 1 } })
      .finish("b")
      .finish("c");
    const d = fork(old, "b", { outputs: { "0": { v: 2 } }, skip: ["b"] });
    expect([d.run("a").outputs, d.states()]).toEqual([{ v: 2 }, { a: "SUCCESS", b: "SKIPPED", c: "CREATED" }]);
  });

  test("stops at a breakpoint of its own", () => {
    const d = fork(run(ABC).finish("a").finish("b").finish("c"), "b", { created: { breakpoints: ["b"] } });
    expect([d.state.status, d.run("b").state]).toEqual(["BREAKPOINT", "BREAKPOINT"]);
  });
});

describe("a restart with another revision", () => {
  test("starts what failed again, drops errors and finally, and goes on", () => {
    const flow = flowOf([task("a"), task("b"), task("c")], { errors: [task("e")], finally: [task("f")] });
    const d = fork(run(flow).finish("a").fail("b").finish("e").finish("f"), "failed");
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "SUCCESS", b: "RESTARTED" }]);
    d.finish("b").finish("c").finish("f");
    expect([d.state.status, d.state.live]).toEqual(["SUCCESS", 0]);
  });

  test("[F3] skips a task that is new before what was kept, and runs one that is new after it", () => {
    const old = run(ABC).finish("a").fail("b");
    const flow = flowOf([task("new"), task("a"), task("b"), task("newer"), task("c")]);
    const d = fork(old, "failed", { flow });
    expect(d.states()).toEqual({ new: "SKIPPED", a: "SUCCESS", b: "RESTARTED" });
    d.finish("b").finish("newer").finish("c");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[F3] in a loop gives the task that is SKIPPED its value", () => {
    const old = run(flowOf([task("f", lists(task("x")))]))
      .expand("f", each(["1", "2"]))
      .finish("x", {}, "1")
      .fail("x", "2");
    const d = fork(old, "failed", { flow: flowOf([task("f", lists(task("new"), task("x")))]) });
    expect(d.states()).toEqual({
      f: "RUNNING",
      "x[1]": "SUCCESS",
      "x[2]": "RESTARTED",
      "new[1]": "SKIPPED",
      "new[2]": "SKIPPED",
    });
    expect(d.finish("x", {}, "2").state.status).toBe("SUCCESS");
  });

  test("[F1] leaves out what has no place any more, with what is below it", () => {
    const old = run(flowOf([task("s", lists(task("x"))), task("b")]))
      .expand("s", SEQUENCE)
      .finish("x")
      .fail("b");
    const d = fork(old, "failed", { flow: flowOf([task("other"), task("x"), task("b")]) });
    expect(d.states()).toEqual({ other: "SKIPPED", x: "SKIPPED", b: "RESTARTED" });
  });

  test("of which nothing is left begins at the start", () => {
    const d = fork(run(ABC).fail("a"), "failed", { flow: flowOf([task("other")]) });
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { other: "CREATED" }]);
  });
});

describe("a fork", () => {
  test("is killed and restarted as any other, and [E2] takes nothing over later", () => {
    const d = fork(run(ABC).finish("a").fail("b"), "failed");
    expect(d.changes(() => d.apply({ kind: "fork-completed", at: d.now, from: "failed" }))).toBe(false);
    expect(d.changes(() => d.apply({ kind: "runs-copied", at: d.now, runs: [] }))).toBe(false);
    d.kill();
    expect(d.state.status).toBe("KILLED");
    d.restart();
    expect(d.states()).toEqual({ a: "SUCCESS", b: "RESTARTED" });
  });

  test("is the same however its runs are cut into events, and survives a snapshot", () => {
    const old = run(flowOf([task("f", lists(task("x")))])).expand("f", each(["1", "2", "3"]));
    old.finish("x", {}, "1").finish("x", {}, "2").fail("x", "3");
    const [whole, cut] = [fork(old, "failed"), fork(old, "failed", { batch: 1 })];
    expect(cut.states()).toEqual(whole.states());
    expect(cut.state.runs.toJSON()).toEqual(whole.state.runs.toJSON());
    const text = freeze(cut.state);
    expect(freeze(thaw(text) ?? cut.state)).toBe(text);
  });
});

describe("the fork of a fork", () => {
  test("is as good as one of the first", () => {
    const first = fork(run(ABC).finish("a").fail("b"), "failed", {
      flow: flowOf([task("n"), task("a"), task("b"), task("c")]),
    });
    first.fail("b");
    flows.set(first, flowOf([task("n"), task("a"), task("b"), task("c")]));
    expect(fork(first, "failed").states()).toEqual({ n: "SKIPPED", a: "SUCCESS", b: "RESTARTED" });
  });
});

describe("whether a revision has a place for what ran", () => {
  const old = () =>
    run(flowOf([task("s", lists(task("x"), task("y"))), task("b"), task("c")]))
      .expand("s", SEQUENCE)
      .finish("x")
      .finish("y")
      .finish("b")
      .fail("c");
  const problem = (tasks: readonly Task[], from: string | "failed" = "failed") => {
    const d = old();
    const { runs, indices } = copyRuns(d.state, d.plan);
    const at = from === "failed" ? from : indices.indexOf(d.run(from).index);
    return forkProblem(compilePlan(flowOf(tasks)), runs, at);
  };
  const s = (...tasks: readonly Task[]) => task("s", lists(...tasks));

  test.for([
    ["the same flow", [s(task("x"), task("y")), task("b"), task("c")], undefined],
    ["new tasks", [task("n"), s(task("x"), task("m"), task("y")), task("b"), task("c")], undefined],
    ["a task that is gone", [s(task("y")), task("b"), task("c")], /Task 'x' has run, and is not in this revision/],
    ["a disabled task", [s(task("x", { disabled: true }), task("y")), task("b"), task("c")], /Task 'x'/],
    [
      "a task elsewhere",
      [s(task("y")), task("x"), task("b"), task("c")],
      /Task 'x' ran in 's', and stands in the flow itself/,
    ],
    ["another order", [s(task("y"), task("x")), task("b"), task("c")], /Task 'y' stands earlier/],
  ] as const)("%s", ([, tasks, expected]) => {
    if (expected === undefined) expect(problem(tasks)).toBeUndefined();
    else expect(problem(tasks)).toMatch(expected);
  });

  test("what comes after the place that is gone back to does not matter", () => {
    expect(problem([s(task("x")), task("q")], "x")).toBeUndefined();
    expect(problem([s(task("x"), task("y")), task("b")], "b")).toBeUndefined();
    expect(problem([s(task("y"))], "y")).toMatch(/Task 'x'/);
  });
});

test("[W3] a replay from a task of a Dag begins the Dag again, and what is round it goes on after it", () => {
  const dag: Expansion = { kind: "dag", list: "tasks", concurrency: 0, dependsOn: [[], [0]] };
  const flow = flowOf([task("s", lists(task("g", lists(task("x"), task("y"))), task("n"))), task("z")]);
  const old = run(flow).expand("s", SEQUENCE).expand("g", dag).finish("x").finish("y").finish("n").finish("z");
  expect(old.state.status).toBe("SUCCESS");
  const d = fork(old, "y");
  expect([d.state.status, d.states()]).toEqual(["RUNNING", { s: "RUNNING", g: "RESTARTED" }]);
  d.expand("g", dag).finish("x").finish("y").finish("n").finish("z");
  expect([d.state.status, d.state.live]).toEqual(["SUCCESS", 0]);
});

describe("what a fork keeps as it is", () => {
  const of = (old: ReturnType<typeof run>, from: string | "failed") => {
    const { runs, indices } = copyRuns(old.state, old.plan);
    const place = (id: string) => indices.indexOf(old.run(id).index);
    const at = from === "failed" ? from : place(from);
    const lost = notKept(runs, at);
    return runs.filter((_, index) => !lost.has(index)).map(({ taskId }) => taskId);
  };

  test("is what stands before the place, and what ran beside it", () => {
    const flow = flowOf([task("a"), task("s", lists(task("x"), task("y"))), task("b"), task("c")]);
    const old = run(flow).finish("a").expand("s", SEQUENCE).finish("x").finish("y").finish("b").fail("c");
    expect(of(old, "failed")).toEqual(["a", "s", "x", "y", "b"]);
    expect(of(old, "c")).toEqual(["a", "s", "x", "y", "b"]);
    expect(of(old, "y")).toEqual(["a", "s", "x"]);
    expect(of(old, "s")).toEqual(["a"]);
  });

  test("[W3] is nothing of a Dag round it", () => {
    const dag: Expansion = { kind: "dag", list: "tasks", concurrency: 0, dependsOn: [[], [0]] };
    const flow = flowOf([task("a"), task("g", lists(task("x"), task("y")))]);
    const old = run(flow).finish("a").expand("g", dag).finish("x").finish("y");
    expect(of(old, "y")).toEqual(["a"]);
  });
});
