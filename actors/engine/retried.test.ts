import { describe, expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import type { Retry, Task } from "#schema/flow.ts";
import { CURRENT_FLAGS, FLAGS } from "./flags.ts";
import { CONSTANT_RETRY, Driver, flowOf, SEQUENCE, SUBFLOW, task } from "./testing.ts";

/** Without waiting for slots: that is tested elsewhere. */
const UNLIMITED = CURRENT_FLAGS.filter((flag) => flag !== FLAGS.concurrency);

const lists = (...tasks: readonly Task[]) => ({ lists: { tasks } });
const PARALLEL: Expansion = { kind: "parallel", list: "tasks", concurrency: 0 };
const NEW: Retry = { ...CONSTANT_RETRY, behavior: "CREATE_NEW_EXECUTION" };
const SCHEDULE = { id: "s", type: "io.kestra.plugin.core.trigger.Schedule", variables: {} };
const PARENT = { executionId: "p", effect: "0:1", depth: 1 };
const begin = (tasks: readonly Task[], more = {}) =>
  new Driver(flowOf(tasks, { afterExecution: [task("z")] })).create({ flags: UNLIMITED, ...more });
const kinds = (d: Driver) => d.state.pending.map(({ kind }) => kind);

describe("a failure that makes a new execution", () => {
  test("[R1] makes task run, flowables and execution RETRIED, and stops what runs beside", () => {
    const d = begin([task("p", lists(task("s", lists(task("x", { retry: NEW }))), task("y"), task("w")))]);
    d.expand("p", PARALLEL).expand("s", SEQUENCE).dispatch("y").fail("x");
    expect([d.state.status, d.states()]).toEqual([
      "KILLING",
      { p: "RETRIED", s: "RETRIED", x: "RETRIED", y: "KILLING", w: "KILLED" },
    ]);
    d.stopped("y");
    expect([d.state.status, kinds(d), d.has("z")]).toEqual(["RETRIED", ["wake-at"], false]);
  });

  test("[R2] starts it once, after its time, and says which it is", () => {
    const d = begin([task("a", { retry: NEW })]).fail("a");
    expect(d.state.histories.map(({ state }) => state)).toEqual(["CREATED", "RUNNING", "RETRIED"]);
    expect(d.state.pending).toMatchObject([{ kind: "wake-at", at: 2_000 }]);
    d.advance(1_000);
    expect(kinds(d)).toEqual(["start-retry"]);
    expect(d.changes(() => d.advance(1_000))).toBe(false);
    d.acknowledge("start-retry", "next");
    expect([d.state.pending, d.state.retriedAs, d.state.status]).toEqual([[], "next", "RETRIED"]);
  });

  test("[N4] tells neither parent nor trigger", () => {
    const d = begin([task("a", { retry: NEW })], { parent: PARENT, trigger: SCHEDULE }).fail("a");
    expect(kinds(d)).toEqual(["wake-at"]);
  });

  test("[N4] of which the last of the chain tells both, the trigger by the first one's id", () => {
    const last = { parent: PARENT, trigger: SCHEDULE, attempt: 3, originalId: "first", originalCreatedAt: 0 };
    const d = begin([task("a", { retry: NEW })], last).fail("a");
    expect([d.state.status, d.states()]).toEqual(["FAILED", { a: "FAILED", z: "CREATED" }]);
    expect(d.state.pending).toMatchObject([
      { kind: "notify-parent", state: "FAILED" },
      { kind: "notify-trigger", executionId: "first" },
    ]);
  });

  test.for([
    [{ attempt: 2 }, "RETRIED"],
    [{ attempt: 3 }, "FAILED"],
  ] as const)("[I16] counts the executions of the chain: %o ends %s", ([more, state]) => {
    expect(begin([task("a", { retry: NEW })], more).fail("a").state.status).toBe(state);
  });

  test.for([
    [0, "RETRIED"],
    [-2_001, "FAILED"],
  ] as const)("[I16] counts the time since the first was created: from %i ends %s", ([originalCreatedAt, state]) => {
    const retry = { ...NEW, maxAttempts: 0, maxDurationMs: 4_000 };
    expect(begin([task("a", { retry })], { originalCreatedAt }).fail("a").state.status).toBe(state);
  });

  test("comes of a subflow that failed too", () => {
    const d = begin([task("a", { retry: NEW })])
      .expand("a", SUBFLOW)
      .started("a", "c")
      .ended("a", "FAILED");
    expect(d.state.status).toBe("RETRIED");
  });

  test("does not come of what runs after the end, or below what has ended", () => {
    const after = new Driver(flowOf([task("a")], { afterExecution: [task("z", { retry: NEW })] }));
    after.create({ flags: UNLIMITED }).finish("a").fail("z");
    expect([after.state.status, after.states()]).toEqual(["SUCCESS", { a: "SUCCESS", z: "FAILED" }]);
    const d = begin([task("p", lists(task("x", { retry: NEW }), task("y")))]).expand("p", PARALLEL);
    d.dispatch("x").fail("y").fail("x");
    expect([d.state.status, d.run("x").state]).toEqual(["FAILED", "FAILED"]);
  });

  test("is a retry within the execution where its log began before the flag", () => {
    const d = new Driver(flowOf([task("a", { retry: NEW })])).create().fail("a");
    expect(d.state.status).toBe("RETRYING");
  });
});

describe("[R3] a kill", () => {
  const waiting = () => begin([task("a", { retry: NEW })], { parent: PARENT }).fail("a");
  const kill = (d: Driver, cascade: boolean) => d.changes(() => d.kill(cascade));

  test.for([true, false])("before its time cancels the start and tells the parent (cascade %s)", (cascade) => {
    const d = waiting();
    expect(kill(d, cascade)).toBe(true);
    expect([d.state.status, kinds(d)]).toEqual(["KILLED", ["notify-parent"]]);
    expect([kill(d, cascade), d.changes(() => d.advance(9_000))]).toEqual([false, false]);
  });

  test("while others are being stopped makes it KILLED", () => {
    const d = begin([task("p", lists(task("x", { retry: NEW }), task("y")))])
      .expand("p", PARALLEL)
      .dispatch("y");
    d.fail("x").kill();
    d.stopped("y");
    expect([d.state.status, kinds(d)]).toEqual(["KILLED", []]);
  });

  test("while it is being started ends the new one as soon as it is there", () => {
    const d = waiting().advance(1_000);
    expect([kill(d, false), kill(d, true), kill(d, true)]).toEqual([false, true, false]);
    d.acknowledge("start-retry", "next");
    expect(d.state.pending).toMatchObject([{ kind: "kill-execution", executionId: "next" }]);
  });

  test("afterwards is handed on with cascade alone", () => {
    const d = waiting().advance(1_000).acknowledge("start-retry", "next");
    expect(kill(d, false)).toBe(false);
    expect(kill(d, true)).toBe(true);
    expect(d.state.pending).toMatchObject([{ kind: "kill-execution", executionId: "next" }]);
  });

  test("lets the execution be restarted, where the task that failed is tried again", () => {
    const d = waiting();
    d.kill();
    d.restart();
    expect([d.state.status, d.states()]).toEqual(["RUNNING", { a: "RESTARTED" }]);
    d.finish("a");
    expect(d.state.status).toBe("SUCCESS");
  });
});
