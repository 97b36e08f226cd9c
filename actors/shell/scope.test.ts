import { describe, expect, test } from "vitest";
import { Driver, flowOf, SEQUENCE, task } from "#engine/testing.ts";
import { renderTyped } from "#expr/index.ts";
import type { Expansion } from "#schema/event.ts";
import type { Flow, Task } from "#schema/flow.ts";
import { scopeOf } from "./scope.ts";

const surroundings = { envs: { e: "env" }, globals: { g: "global" }, kestra: { k: "kestra" } };
const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });
const each = (values: readonly string[], more: { concurrency?: number; spread?: boolean } = {}): Expansion => ({
  kind: "each",
  list: "tasks",
  values: [...values],
  concurrency: 0,
  ...more,
});

/** What `expression` is for the newest run of the task (of that value), or for the execution. */
function seen(d: Driver, flow: Flow, expression: string, id?: string, value?: string): unknown {
  const run = id === undefined ? undefined : d.run(id, value);
  const scope = scopeOf(flow, d.plan, d.state, run, surroundings);
  const outcome = renderTyped(`{{ ${expression} }}`, { scope, now: d.now, random: () => 0.5, lookups: new Map() });
  if (outcome.ok === "needs") throw new Error("needs a look-up");
  return outcome.ok ? outcome.value : `! ${outcome.problem.code}`;
}

function iterated(): { d: Driver; flow: Flow } {
  const inner = task("in", lists(task("x"), task("deep", lists(task("y")))));
  const flow = flowOf([task("before"), task("out", lists(inner, task("side")))]);
  const d = new Driver(flow)
    .create()
    .finish("before", { outputs: { value: "b" } })
    .expand("out", each(["1", "2"]));
  for (const outer of ["1", "2"]) {
    d.expand("in", each(["p", "q"]), outer);
    const parent = d.run("in", outer).index;
    for (const run of [...d.state.runs].filter((child) => child.parent === parent))
      finish(d, run.index, { value: `${outer}${run.value}` });
    for (const run of [...d.state.runs].filter((child) => child.parent === parent && child.waiting?.kind === "start")) {
      apply(d, run.index, SEQUENCE);
      const [leaf] = [...d.state.runs].filter((child) => child.parent === run.index);
      if (leaf !== undefined) finish(d, leaf.index, { value: `y${outer}${run.value}` });
    }
  }
  d.finish("side", { outputs: { value: "s1" } }, "1");
  return { d, flow };
}

function finish(d: Driver, index: number, outputs: Record<string, string>): void {
  const waiting = d.state.runs.get(index)?.waiting;
  if (waiting?.kind !== "start") throw new Error(`run ${index} waits for no answer`);
  d.apply({ kind: "task-finished", at: d.now, effect: waiting.effect, answer: { state: "SUCCESS", outputs } });
}

function apply(d: Driver, index: number, expansion: Expansion): void {
  const waiting = d.state.runs.get(index)?.waiting;
  if (waiting?.kind !== "start") throw new Error(`run ${index} waits for no answer`);
  d.apply({ kind: "task-expanded", at: d.now, effect: waiting.effect, expansion });
}

describe("outputs", () => {
  const { d, flow } = iterated();
  const of = (expression: string, id?: string, value?: string) => seen(d, flow, expression, id, value);

  test("of a plain task are its own", () => {
    expect(of("outputs.before.value")).toBe("b");
  });

  test("of a task in an iteration are found by its value", () => {
    expect([of("outputs.side['1'].value"), of("outputs.side['2']")]).toEqual(["s1", {}]);
  });

  test("of an iteration in an iteration are found by both values, outermost first", () => {
    expect([of("outputs.x['1'].p.value"), of("outputs.x['2'].q.value")]).toEqual(["1p", "2q"]);
  });

  test("below a flowable that does not iterate take the values around it", () => {
    expect(of("outputs.y['2'].p.value")).toBe("y2p");
  });

  test("list the values there are", () => {
    expect([of("outputs.x | keys"), of("outputs.x['1'] | keys")]).toEqual([
      ["1", "2"],
      ["p", "q"],
    ]);
  });

  test("of a value or a task that is not there are missing, and of a name every object has too", () => {
    expect([
      of("outputs.x['9'] ?? 'none'"),
      of("outputs.nosuch ?? 'none'"),
      of("outputs.constructor ?? 'none'"),
    ]).toEqual(["none", "none", "none"]);
  });

  test("of the siblings of this iteration are found by `currentEachOutput`", () => {
    expect(of("currentEachOutput(outputs.in) is defined", "side", "1")).toBe(true);
    expect(of("currentEachOutput(outputs.side).value", "side", "1")).toBe("s1");
  });

  test("of pairs that all start on their own are found by value too", () => {
    const spread = flowOf([task("f", lists(task("x"), task("y")))]);
    const driver = new Driver(spread).create().expand("f", each(["a", "b"], { spread: true }));
    driver.finish("y", { outputs: { value: "yb" } }, "b");
    expect(seen(driver, spread, "outputs.y.b.value")).toBe("yb");
    expect(seen(driver, spread, "tasks.y.b.state")).toBe("SUCCESS");
    expect(seen(driver, spread, "tasks.x.a.state")).toBe("CREATED");
  });

  test("of a Parallel's children, of errors and of finally are found by their id", () => {
    const p = task("p", { lists: { tasks: [task("a"), task("b")], errors: [task("e")], finally: [task("f")] } });
    const given = flowOf([p]);
    const driver = new Driver(given).create().expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
    driver
      .finish("a", { outputs: { v: 1 } })
      .fail("b")
      .finish("e", { outputs: { v: 2 } })
      .finish("f", { outputs: { v: 3 } });
    expect(seen(driver, given, "[outputs.a.v, outputs.e.v, outputs.f.v]")).toEqual([1, 2, 3]);
  });

  test("of a branch that was not taken are missing", () => {
    const choice = task("c", { lists: { yes: [task("y")], no: [task("n")] } });
    const given = flowOf([choice]);
    const driver = new Driver(given).create().expand("c", { kind: "sequence", list: "no" });
    driver.finish("n", { outputs: { v: 1 } });
    expect([seen(driver, given, "outputs.n.v"), seen(driver, given, "outputs.y ?? 'none'")]).toEqual([1, "none"]);
  });

  test("of errors that a restart took out are gone", () => {
    const given = flowOf([task("a")], { errors: [task("e")] });
    const driver = new Driver(given)
      .create()
      .fail("a")
      .finish("e", { outputs: { v: 1 } })
      .restart();
    expect(seen(driver, given, "outputs.e ?? 'none'")).toBe("none");
  });
});

describe("outputs of a Dag and of loops", () => {
  test("of a Dag's children are found by their id, whatever started first", () => {
    const flow = flowOf([task("dag", lists(task("a"), task("b"), task("c")))]);
    const d = new Driver(flow).create();
    d.expand("dag", { kind: "dag", list: "tasks", concurrency: 1, dependsOn: [[2], [], []] });
    d.finish("b", { outputs: { v: "b" } })
      .finish("c", { outputs: { v: "c" } })
      .finish("a", { outputs: { v: "a" } });
    expect(seen(d, flow, "[outputs.a.v, outputs.b.v, outputs.c.v]")).toEqual(["a", "b", "c"]);
  });

  test("of an iteration are found by its number, too, unless that is the value of another", () => {
    const flow = flowOf([task("f", lists(task("x")))]);
    const d = new Driver(flow).create().expand("f", each(["a", "0", "c"]));
    for (const value of ["a", "0", "c"]) d.finish("x", { outputs: { v: value } }, value);
    expect(seen(d, flow, "[outputs.x[2].v, outputs.x[0].v, outputs.x['1'].v]")).toEqual(["c", "0", "0"]);
    expect(seen(d, flow, "outputs.x[3] ?? outputs.x['01'] ?? outputs.x['-1'] ?? 'none'")).toBe("none");
  });

  test("of the current turn are those of a loop until a condition holds", () => {
    const flow = flowOf([task("l", lists(task("x")))]);
    const d = new Driver(flow).create();
    d.expand("l", { kind: "loop-until", list: "tasks", intervalMs: 0, failOnMaxReached: false });
    d.finish("x", { outputs: { v: 1 } });
    expect(seen(d, flow, "[outputs.x.v, outputs.l.iterationCount, taskrun.iteration]", "l")).toEqual([1, 1, 0]);
    d.apply({ kind: "loop-evaluated", at: d.now, effect: d.effect("l"), done: false });
    expect(seen(d, flow, "[outputs.x, outputs.l.iterationCount, taskrun.iteration]", "x")).toEqual([{}, 2, 1]);
  });

  const scoped = (values: string[], keys?: string[]): Expansion =>
    ({ ...each(values), scoped: true, ...(keys && { keys }) }) as Expansion;
  function looped(): { d: Driver; flow: Flow } {
    const inner = task("in", lists(task("x"), task("y")));
    const flow = flowOf([task("out", lists(task("first"), inner))]);
    const d = new Driver(flow).create().expand("out", scoped(["1", "1"], ["one", "two"]));
    for (const index of [1, 2]) finish(d, index, { v: `first${index}` });
    for (const index of [3, 4]) apply(d, index, scoped(["p", "q"]));
    for (const run of [...d.state.runs].filter((each) => each.parent > 2)) finish(d, run.index, { v: `x${run.index}` });
    return { d, flow };
  }

  test("in a turn are its own without a key, at any depth; outside by number, key and value", () => {
    const { d, flow } = looped();
    const second = (index: number, expression: string) => {
      const scope = scopeOf(flow, d.plan, d.state, d.state.runs.get(index), surroundings);
      const outcome = renderTyped(`{{ ${expression} }}`, { scope, now: 0, random: () => 0, lookups: new Map() });
      return outcome.ok === true ? outcome.value : outcome;
    };
    const ys = [...d.state.runs].filter((run) => run.waiting?.kind === "start").map(({ index }) => index);
    expect(ys.map((index) => second(index, "outputs.x.v"))).toEqual(["x5", "x6", "x7", "x8"]);
    expect(ys.map((index) => second(index, "outputs.first.v"))).toEqual(["first1", "first1", "first2", "first2"]);
    expect(second(4, "outputs.x[1].v ~ outputs.x.p.v")).toBe("x8x7");
    expect(seen(d, flow, "[outputs.first[0].v, outputs.first.two.v, outputs.x.one.q.v]")).toEqual([
      "first1",
      "first2",
      "x6",
    ]);
    expect(second(ys[3] ?? 0, "[item.value, item.index, item.parent.key, item.parents | length]")).toEqual([
      "q",
      1,
      "two",
      1,
    ]);
    expect(seen(d, flow, "item ?? 'none'")).toBe("none");
  });

  test("`item` of one turn is what its outputs are rendered with", () => {
    const { d, flow } = looped();
    const scope = scopeOf(flow, d.plan, d.state, d.state.runs.get(0), surroundings, { lane: 1 });
    const render = (text: string) => renderTyped(text, { scope, now: 0, random: () => 0, lookups: new Map() });
    expect(render("{{ [item.key, item.index, outputs.first.v] }}")).toMatchObject({ value: ["two", 1, "first2"] });
  });
});

describe("a task run sees", () => {
  const { d, flow } = iterated();

  test("its parents, closest first, with what they have to say", () => {
    expect(seen(d, flow, "parents", "side", "1")).toEqual([]);
    expect(seen(d, flow, "[taskrun.value, taskrun.iteration, parent.taskrun.value ?? 'none']", "x", "q")).toEqual([
      "q",
      1,
      "2",
    ]);
    expect(seen(d, flow, "parents", "y")).toEqual([
      { taskrun: { value: "q", iteration: 1 } },
      { taskrun: { value: "2", iteration: 1 } },
    ]);
  });

  test("outputs of a parent that has some", () => {
    const given = flowOf([task("if", lists(task("x")))]);
    const driver = new Driver(given).create();
    const effect = driver.effect("if");
    driver.apply({
      kind: "task-expanded",
      at: 1_000,
      effect,
      expansion: SEQUENCE,
      outputs: { evaluationResult: true },
    });
    expect(seen(driver, given, "parent.outputs.evaluationResult", "x")).toBe(true);
  });

  test("itself: id, start, tries so far, type", () => {
    const given = flowOf([task("a")]);
    const driver = new Driver(given).create();
    expect(seen(driver, given, "taskrun", "a")).toEqual({
      id: "0123456789012345-0",
      startDate: "1970-01-01T00:00:01.000Z",
      attemptsCount: 0,
    });
    expect(seen(driver, given, "task", "a")).toEqual({ id: "a", type: "test.Task" });
  });
});

describe("the execution sees", () => {
  const given = flowOf([task("a")], {
    variables: { v: 1 },
    inputs: [
      { id: "plain", type: "INT", required: false, defaults: 7 },
      { id: "made", type: "STRING", required: false, defaults: "{{ now() }}" },
    ],
  });
  const labels = [
    { key: "team", value: "x" },
    { key: "system.correlationId", value: "c" },
    { key: "system.from", value: "ui" },
    { key: "team", value: "second" },
    { key: "__proto__", value: "p" },
  ];
  const trigger = { id: "t", type: "x", variables: { body: { a: 1 } } };
  const d = new Driver(given).create({ inputs: { given: 1 }, labels, trigger, variables: { schedule: { date: "d" } } });
  const of = (expression: string) => seen(d, given, expression);

  test("flow, execution, variables, surroundings, trigger and schedule", () => {
    expect(of("flow")).toEqual({ id: "flow", namespace: "test", revision: 1, tenantId: "main" });
    expect(of("execution.id")).toBe("0123456789012345678900");
    expect(of("[vars.v, envs.e, globals.g, kestra.k, trigger.body.a, schedule.date]")).toEqual([
      1,
      "env",
      "global",
      "kestra",
      1,
      "d",
    ]);
    expect(of("taskrun ?? 'none'")).toBe("none");
  });

  test("defaults of inputs that were not given, but for those that are expressions", () => {
    expect([of("inputs.given"), of("inputs.plain"), of("inputs.made ?? 'none'")]).toEqual([1, 7, "none"]);
  });

  test("labels, the first of two, those of the system nested", () => {
    expect([of("labels.team"), of("labels.system.correlationId"), of("labels.system.from")]).toEqual(["x", "c", "ui"]);
  });

  test("the newest failure in errors, and none before there is one", () => {
    const flow = flowOf([task("a")], { errors: [task("e")] });
    const driver = new Driver(flow).create();
    expect(seen(driver, flow, "error ?? 'none'", "a")).toBe("none");
    driver.fail("a");
    expect(seen(driver, flow, "error", "e")).toEqual({ taskId: "a", message: "boom" });
  });

  test("[flow outputs] its own outputs once they are rendered", () => {
    const flow = flowOf([task("a")], {
      outputs: [{ id: "o", type: "STRING", value: "x" }],
      afterExecution: [task("z")],
    });
    const driver = new Driver(flow).create().finish("a");
    driver.apply({
      kind: "outputs-rendered",
      at: 1_000,
      effect: driver.state.pending[0]?.id ?? "",
      outputs: { o: "x" },
    });
    expect(seen(driver, flow, "[execution.state, execution.outputs.o]", "z")).toEqual(["SUCCESS", "x"]);
  });
});

test("variables are those of the flow, with what tasks have set and taken away", () => {
  const flow = flowOf([task("a"), task("b"), task("c"), task("d")], {
    variables: { kept: "{{ raw }}", gone: { x: 1 }, map: { a: 1, b: { c: 1 } } },
  });
  const d = new Driver(flow).create();
  d.finish("a", { updates: { variables: { map: { b: { d: 2 } }, fresh: [1] } } });
  expect(seen(d, flow, "[vars.kept, vars.map, vars.fresh]")).toEqual(["{{ raw }}", { a: 1, b: { c: 1, d: 2 } }, [1]]);
  d.finish("b", { updates: { unset: ["gone", "fresh"] } });
  expect(seen(d, flow, "vars.gone ?? vars.fresh ?? 'none'")).toBe("none");
  d.finish("c", { updates: { variables: { gone: { y: 2 } } } });
  expect(seen(d, flow, "vars.gone")).toEqual({ y: 2 });
});

test("the end of an execution is seen once it has ended", () => {
  const flow = flowOf([task("a")], { afterExecution: [task("z")] });
  const d = new Driver(flow).create();
  expect(seen(d, flow, "execution.endDate ?? 'none'", "a")).toBe("none");
  d.now = 5_000;
  expect(seen(d.finish("a"), flow, "execution.endDate", "z")).toBe("1970-01-01T00:00:05.000Z");
});

test("there is no scope of an execution that was never created", () => {
  const flow = flowOf([task("a")]);
  const driver = new Driver(flow);
  expect(() => scopeOf(flow, driver.plan, driver.state, undefined, surroundings)).toThrow("never created");
});
