import { describe, expect, test } from "vitest";
import type { Updates } from "#schema/event.ts";
import { toExecutionJson } from "./json.ts";
import { Driver, flowOf, SEQUENCE, task } from "./testing.ts";
import { mergedVariables } from "./updates.ts";

const update = (d: Driver, id: string, updates: Updates) => d.finish(id, { updates });
const one = () =>
  new Driver(flowOf([task("a"), task("b"), task("c")])).create({ labels: [{ key: "k", value: "old" }] });

describe("what a task changes of its execution", () => {
  test("[U1] labels replace those of the same key and keep their order", () => {
    const d = update(one(), "a", { labels: [{ key: "n", value: "1" }] });
    update(d, "b", { labels: [{ key: "k", value: "new" }] });
    expect(d.state.labels).toEqual([
      { key: "k", value: "new" },
      { key: "n", value: "1" },
    ]);
  });

  test("[U1] variables are merged, maps within maps, and shown with the execution", () => {
    const d = update(one(), "a", { variables: { m: { x: 1, deep: { y: 1 } }, l: [1] } });
    update(d, "b", { variables: { m: { deep: { z: 2 } }, l: [2] } });
    expect(d.state.variables).toEqual({ m: { x: 1, deep: { y: 1, z: 2 } }, l: [2] });
    expect(toExecutionJson(d.state, d.plan).variables).toEqual(d.state.variables);
  });

  test("[U2] what was taken away is gone until it is set again", () => {
    const d = update(one(), "a", { variables: { v: { x: 1 } } });
    update(d, "b", { unset: ["v", "flows"] });
    expect([d.state.variables, d.state.unsetVariables]).toEqual([{}, ["v", "flows"]]);
    update(d, "c", { variables: { v: { y: 2 } } });
    expect([d.state.variables, d.state.unsetVariables]).toEqual([{ v: { y: 2 } }, ["v", "flows"]]);
  });

  test("names that every object has are variables like others", () => {
    expect(mergedVariables({}, { constructor: { a: 1 } })).toEqual({ constructor: { a: 1 } });
  });

  test("a task that failed changes nothing", () => {
    const d = one().finish("a", { state: "FAILED", error: "no", updates: { variables: { v: 1 } } });
    expect(d.state.variables).toEqual({});
  });
});

describe("an exit", () => {
  const grouped = () =>
    new Driver(
      flowOf([task("g", { lists: { tasks: [task("a"), task("b")], finally: [task("gf")] } }), task("z")], {
        errors: [task("e")],
        finally: [task("f")],
        afterExecution: [task("after")],
      }),
    )
      .create()
      .expand("g", SEQUENCE);

  test.for(["SUCCESS", "WARNING", "FAILED"] as const)(
    "[U3][C10] with %s starts nothing but each `finally`, and the execution ends so",
    (exit) => {
      const d = update(grouped(), "a", { exit });
      expect(d.states()).toEqual({ g: "RUNNING", a: exit, gf: "CREATED" });
      d.finish("gf").finish("f");
      expect(d.state.status).toBe(exit);
      expect(d.finish("after").states()).toEqual({ g: exit, a: exit, gf: "SUCCESS", f: "SUCCESS", after: "SUCCESS" });
    },
  );

  test.for(["KILLED", "CANCELLED"] as const)("[U3] with %s stops everything, as a kill does", (exit) => {
    const p = task("p", { lists: { tasks: [task("a"), task("long"), task("waits")] } });
    const d = new Driver(flowOf([p], { finally: [task("f")] })).create();
    d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).dispatch("long");
    update(d, "a", { exit });
    expect([d.state.status, d.run("long").state, d.run("waits").state]).toEqual(["KILLING", "KILLING", "KILLED"]);
    d.stopped("long");
    expect([d.state.status, d.run("a").state, d.has("f")]).toEqual([exit, exit, false]);
  });

  test("[C6] leaves what runs elsewhere to finish, and its answer changes nothing else", () => {
    const p = task("p", { lists: { tasks: [task("long"), task("a"), task("waits")] } });
    const d = new Driver(flowOf([p])).create().expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
    update(d.dispatch("long"), "a", { exit: "SUCCESS" });
    expect([d.state.status, d.run("long").state, d.run("waits").state]).toEqual(["SUCCESS", "RUNNING", "KILLED"]);
    expect(d.fail("long").state.status).toBe("SUCCESS");
  });

  test("a failure in `finally` still fails the execution", () => {
    const d = update(grouped(), "a", { exit: "SUCCESS" }).finish("gf").fail("f");
    expect(d.state.status).toBe("FAILED");
  });

  test("within `errors` ends the branch too", () => {
    const d = new Driver(flowOf([task("a")], { errors: [task("e"), task("never")] })).create().fail("a");
    update(d, "e", { exit: "WARNING" });
    expect([d.state.status, d.has("never")]).toEqual(["WARNING", false]);
  });

  test("within `finally` ends it with what is left of it, and within afterExecution changes nothing", () => {
    const d = update(grouped(), "a", { exit: "SUCCESS" });
    update(d, "gf", { exit: "WARNING" }).finish("f");
    expect(d.state.status).toBe("WARNING");
    update(d, "after", { exit: "FAILED" });
    expect([d.state.status, d.run("after").state]).toEqual(["WARNING", "SUCCESS"]);
  });

  test("is forgotten by a restart: the exit that FAILED is run again", () => {
    const d = update(new Driver(flowOf([task("a"), task("z")])).create(), "a", { exit: "FAILED" });
    d.restart().finish("a").finish("z");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("of a task that its container has left behind does nothing", () => {
    const p = task("p", { lists: { tasks: [task("a"), task("b")] }, allowFailure: true });
    const d = new Driver(flowOf([p, task("z")]))
      .create()
      .expand("p", { kind: "parallel", list: "tasks", concurrency: 0 });
    d.dispatch("a").fail("b");
    update(d, "a", { exit: "FAILED" });
    expect([d.state.status, d.run("a").state]).toEqual(["RUNNING", "SUCCESS"]);
  });
});
