import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Sla, Task } from "#schema/flow.ts";
import { CURRENT_FLAGS, FLAGS } from "./flags.ts";
import { Driver, flowOf, SUBFLOW, task } from "./testing.ts";

/** Without waiting for slots: that is tested elsewhere. */
const UNLIMITED = CURRENT_FLAGS.filter((flag) => flag !== FLAGS.concurrency);

const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });
const PARALLEL: Expansion = { kind: "parallel", list: "tasks", concurrency: 0 };
const limit = (behavior: Sla["behavior"], durationMs = 5_000): Sla => ({
  id: "quick",
  type: "MAX_DURATION",
  durationMs,
  behavior,
  labels: [{ key: "sla", value: "missed" }],
});
const assertion = (behavior: Sla["behavior"]): Sla => ({
  id: "good",
  type: "EXECUTION_ASSERTION",
  assert: "{{ true }}",
  behavior,
  labels: [],
});
const watched = (slas: readonly Sla[], tasks: readonly Task[] = [task("a")], more = {}) =>
  new Driver(flowOf(tasks, { sla: slas })).create({ flags: UNLIMITED, ...more });
const violate = (d: Driver, sla = "good") =>
  d.apply({ kind: "sla-violated", at: d.now, sla, reason: "assertion is false: x." });
const warnings = (d: Driver) =>
  d.asked.flatMap((effect) => (effect.kind === "log" && effect.level === "WARN" ? effect.message : []));

describe("[Y2] MAX_DURATION", () => {
  test("FAIL ends the last task run and the execution FAILED once whoever runs it has stopped", () => {
    const d = watched([limit("FAIL")], [task("p", lists(task("x"), task("y")))]).expand("p", PARALLEL);
    d.dispatch("x").dispatch("y").advance(5_000);
    expect([d.state.status, d.states()]).toEqual(["KILLING", { p: "KILLING", x: "KILLING", y: "KILLING" }]);
    d.stopped("x").stopped("y");
    expect([d.state.status, d.states()]).toEqual(["FAILED", { p: "KILLED", x: "KILLED", y: "FAILED" }]);
    expect(warnings(d)).toEqual([
      "SLA 'quick' violated: execution duration of PT5S exceed the maximum duration of PT5S.",
    ]);
    expect(d.state.labels).toEqual([{ key: "sla", value: "missed" }]);
  });

  test("CANCEL leaves subflows alone", () => {
    const d = watched([limit("CANCEL")])
      .expand("a", SUBFLOW)
      .started("a", "child")
      .advance(5_000);
    expect([d.state.status, d.states()]).toEqual(["CANCELLED", { a: "CANCELLED" }]);
    expect(d.asked.some(({ kind }) => kind === "kill-execution")).toBe(false);
  });

  test("NONE only says so, once", () => {
    const d = watched([limit("NONE")])
      .advance(5_000)
      .advance(5_000);
    expect([d.state.status, d.state.violated, warnings(d).length]).toEqual(["RUNNING", ["quick"], 1]);
  });

  test("counts while the execution waits for its date, and the date still starts it", () => {
    const late = watched([limit("NONE")], [task("a")], { scheduleAt: 9_000 }).advance(5_000);
    expect([late.state.status, late.state.violated]).toEqual(["CREATED", ["quick"]]);
    late.advance(5_000);
    expect([late.state.status, late.run("a").state]).toEqual(["RUNNING", "CREATED"]);
    expect(watched([limit("FAIL")], [task("a")], { scheduleAt: 9_000 }).advance(5_000).state.status).toBe("FAILED");
  });

  test("[E4] is kept, and forgotten at the end", () => {
    const d = watched([limit("FAIL")]);
    expect(d.state.pending).toEqual([{ kind: "wake-at", id: "x:1", at: 6_000, sla: "quick" }]);
    d.finish("a");
    expect([d.state.pending, d.changes(() => d.advance(5_000))]).toEqual([[], false]);
  });

  test("is watched again after a restart while its time is not over", () => {
    const d = watched([limit("FAIL", 60_000)])
      .fail("a")
      .restart();
    expect(d.state.pending).toMatchObject([{ kind: "wake-at", at: 61_000 }]);
    d.dispatch("a").advance(60_000).stopped("a");
    expect(d.state.status).toBe("FAILED");
    d.restart();
    expect(d.state.pending).toEqual([]);
  });

  test("is not watched by an execution that began before it was", () => {
    const d = new Driver(flowOf([task("a")], { sla: [limit("FAIL")] })).create();
    expect([d.state.pending, d.changes(() => violate(d))]).toEqual([[], false]);
  });
});

describe("[Y1] EXECUTION_ASSERTION", () => {
  test.for([
    ["FAIL", "FAILED", "FAILED"],
    ["CANCEL", "CANCELLED", "CANCELLED"],
    ["NONE", "RUNNING", "CREATED"],
  ] as const)("%s makes it %s, its last task run %s", ([behavior, status, state]) => {
    const d = watched([assertion(behavior)]);
    violate(d);
    expect([d.state.status, d.run("a").state]).toEqual([status, state]);
    expect(warnings(d)).toEqual(["SLA 'good' violated: assertion is false: x."]);
    expect(d.changes(() => violate(d))).toBe(false);
  });

  test("changes nothing that has ended, or is being killed", () => {
    expect(
      watched([assertion("FAIL")])
        .finish("a")
        .changes(() => undefined),
    ).toBe(false);
    const killed = watched([assertion("FAIL")]).dispatch("a");
    killed.kill();
    expect(killed.changes(() => violate(killed))).toBe(false);
    const ended = watched([assertion("FAIL")]).finish("a");
    expect(ended.changes(() => violate(ended))).toBe(false);
  });

  test("that fails can be restarted", () => {
    const d = watched([assertion("FAIL")]);
    violate(d);
    d.restart().finish("a");
    expect(d.state.status).toBe("SUCCESS");
  });
});
