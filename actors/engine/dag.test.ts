import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import { Driver, flowOf, SEQUENCE, task } from "./testing.ts";

const dag = (dependsOn: number[][], concurrency = 0): Expansion => ({
  kind: "dag",
  list: "tasks",
  concurrency,
  dependsOn,
});
const flow = (ids: string, more: Parameters<typeof task>[1] = {}) =>
  flowOf([task("dag", { lists: { tasks: [...ids].map((id) => task(id)) }, ...more })]);
const started = (d: Driver) => Object.keys(d.states()).slice(1).join("");

describe("[C7] a Dag", () => {
  test("starts what depends on nothing, and each other task when all it depends on has ended", () => {
    const d = new Driver(flow("abcde")).create().expand("dag", dag([[], [0], [0], [1], [3, 2]]));
    expect(started(d)).toBe("a");
    expect(started(d.finish("a"))).toBe("abc");
    expect(started(d.finish("b"))).toBe("abcd");
    expect(started(d.finish("d").finish("c"))).toBe("abcde");
  });

  test("does not mind that a task is written before those it depends on", () => {
    const d = new Driver(flow("ab")).create().expand("dag", dag([[1], []]));
    expect(started(d)).toBe("b");
    d.finish("b").finish("a");
    expect(d.state.status).toBe("SUCCESS");
  });

  test.for(["SUCCESS", "WARNING", "SKIPPED", "CANCELLED"] as const)("goes on after a task that ended %s", (state) => {
    const d = new Driver(flow("ab"))
      .create()
      .expand("dag", dag([[], [0]]))
      .finish("a", { state });
    expect(d.run("b").state).toBe("CREATED");
    expect(d.finish("b").run("dag").state).toBe(state === "WARNING" ? "WARNING" : "SUCCESS");
  });

  test("[C2] starts nothing after a failure, although what it depends on has ended", () => {
    const d = new Driver(flow("abc"))
      .create()
      .expand("dag", dag([[], [0], []]))
      .dispatch("c")
      .fail("a")
      .finish("c");
    expect(d.states()).toEqual({ dag: "FAILED", a: "FAILED", c: "SUCCESS" });
  });

  test("[C3] runs its errors, then its finally", () => {
    const lists = { tasks: [task("a"), task("b")], errors: [task("e")], finally: [task("f")] };
    const d = new Driver(flowOf([task("dag", { lists })])).create().expand("dag", dag([[], [0]]));
    d.fail("a").finish("e").finish("f");
    expect(d.states()).toEqual({ dag: "FAILED", a: "FAILED", e: "SUCCESS", f: "SUCCESS" });
  });

  test.for([1, 2, 3])(
    "[C1] never has more than %i open, and starts what is ready in the order of the text",
    (limit) => {
      const d = new Driver(flow("abcdef")).create().expand("dag", dag([[], [], [], [0], [0], []], limit));
      const order: string[] = [];
      while (d.state.status === "RUNNING") {
        const open = [...d.state.runs].filter((run) => run.waiting?.kind === "start");
        expect(open.length).toBeLessThanOrEqual(limit);
        const id = d.plan.tasks[open[0]?.task ?? -1]?.id ?? "";
        order.push(id);
        d.finish(id);
      }
      expect([order.join(""), d.state.status]).toEqual(["abcdef", "SUCCESS"]);
    },
  );

  test("without tasks is over at once; one that would wait for itself ends instead of waiting for ever", () => {
    expect(new Driver(flow("")).create().expand("dag", dag([])).state.status).toBe("SUCCESS");
    const d = new Driver(flow("ab"))
      .create()
      .expand("dag", dag([[], [1]]))
      .finish("a");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("goes on after a restart: what failed runs again, then what depends on it", () => {
    const d = new Driver(flow("abcd")).create().expand("dag", dag([[], [0], [1], [0]]));
    d.finish("a").dispatch("d").fail("b");
    expect(d.state.status).toBe("FAILED");
    d.restart();
    expect(d.has("c")).toBe(false);
    d.finish("b").finish("c");
    expect(d.state.status).toBe("RUNNING");
    expect(d.finish("d").state.status).toBe("SUCCESS");
  });

  test("killed, its tasks end KILLED and none starts", () => {
    const d = new Driver(flow("abc")).create().expand("dag", dag([[], [0], []]));
    d.kill();
    expect(d.states()).toEqual({ dag: "KILLED", a: "KILLED", c: "KILLED" });
  });

  test("may hold flowables", () => {
    const inner = task("b", { lists: { tasks: [task("x")] } });
    const d = new Driver(flowOf([task("dag", { lists: { tasks: [task("a"), inner, task("c")] } })])).create();
    d.expand("dag", dag([[], [0], [1]]))
      .finish("a")
      .expand("b", SEQUENCE)
      .finish("x")
      .finish("c");
    expect(d.state.status).toBe("SUCCESS");
  });

  test("[I8] a thousand tasks, each after the one before, take a time that grows with their number, not its square", () => {
    const length = 1_000;
    const ids = Array.from({ length }, (_, index) => `t${index}`);
    const d = new Driver(flowOf([task("dag", { lists: { tasks: ids.map((id) => task(id)) } })])).create();
    const chain = ids.map((_, index) => (index === 0 ? [] : [index - 1]));
    d.expand("dag", dag(chain));
    const startedAt = performance.now();
    for (let index = 0; index < length; index++) {
      const effect = d.asked.findLast((each) => each.kind === "run-task")?.id ?? "";
      d.apply({ kind: "task-finished", at: d.now, effect, answer: { state: "SUCCESS" } });
    }
    expect(d.state.status).toBe("SUCCESS");
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
