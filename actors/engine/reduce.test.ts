import { expect, test } from "vitest";
import type { Expansion } from "#schema/event.ts";
import { createReducer } from "./reduce.ts";
import { freeze, thaw } from "./snapshot.ts";
import { initialState } from "./state.ts";
import { Driver, flowOf, task } from "./testing.ts";

const sequence = { kind: "sequence", list: "tasks" } as const;

test("tasks run one after another and the execution ends SUCCESS", () => {
  const d = new Driver(flowOf([task("a"), task("b")])).create();
  expect(d.has("b")).toBe(false);
  d.finish("a").finish("b");
  expect(d.state.status).toBe("SUCCESS");
  expect(d.states()).toEqual({ a: "SUCCESS", b: "SUCCESS" });
});

test("[C2] a failed task stops the sequence and the execution is FAILED", () => {
  const d = new Driver(flowOf([task("a"), task("b")])).create().fail("a");
  expect(d.state.status).toBe("FAILED");
  expect(d.has("b")).toBe(false);
});

test("[C3][C4] errors run after a failure, go on past their own failures, and do not heal the execution", () => {
  const d = new Driver(flowOf([task("a")], { errors: [task("e1"), task("e2")] })).create().fail("a");
  expect(d.state.status).toBe("RUNNING");
  d.fail("e1").finish("e2");
  expect(d.state.status).toBe("FAILED");
});

test("finally runs after a failure and its own failure fails a good execution", () => {
  const bad = new Driver(flowOf([task("a")], { finally: [task("f")] })).create().fail("a").finish("f");
  expect(bad.state.status).toBe("FAILED");
  const good = new Driver(flowOf([task("a")], { finally: [task("f")] })).create().finish("a").fail("f");
  expect(good.state.status).toBe("FAILED");
});

test("[N3] afterExecution runs in the terminal state", () => {
  const d = new Driver(flowOf([task("a")], { afterExecution: [task("z")] })).create().finish("a");
  expect(d.state.status).toBe("SUCCESS");
  d.fail("z");
  expect(d.state.status).toBe("SUCCESS");
  expect(d.states()).toEqual({ a: "SUCCESS", z: "FAILED" });
});

test("allowFailure turns a failure into WARNING, allowWarning that into SUCCESS", () => {
  const warned = new Driver(flowOf([task("a", { allowFailure: true }), task("b")])).create().fail("a").finish("b");
  expect(warned.state.status).toBe("WARNING");
  const fine = new Driver(flowOf([task("a", { allowFailure: true, allowWarning: true })])).create().fail("a");
  expect(fine.state.status).toBe("SUCCESS");
});

test("[C1] a Parallel opens at most `concurrency` lanes", () => {
  const list = ["x", "y", "z"].map((id) => task(id));
  const d = new Driver(flowOf([task("p", { lists: { tasks: list } })])).create();
  d.expand("p", { kind: "parallel", list: "tasks", concurrency: 2 });
  expect([d.has("x"), d.has("y"), d.has("z")]).toEqual([true, true, false]);
  d.finish("x").finish("y").finish("z");
  expect(d.state.status).toBe("SUCCESS");
});

test("[C2][C6] a failed branch ends its Parallel at once; a branch that runs elsewhere may still finish", () => {
  const inner = task("s", { lists: { tasks: [task("s1"), task("s2")] } });
  const d = new Driver(flowOf([task("p", { lists: { tasks: [task("x"), task("y"), inner] } })])).create();
  d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("s", sequence).dispatch("y").dispatch("s1");
  d.fail("x");
  expect(d.state.status).toBe("FAILED");
  expect(d.states()).toEqual({ p: "FAILED", x: "FAILED", y: "RUNNING", s: "KILLED", s1: "RUNNING" });
  d.finish("y").finish("s1");
  expect(d.run("y").state).toBe("SUCCESS");
  expect(d.has("s2")).toBe(false);
  expect(d.state.status).toBe("FAILED");
});

test("a ForEach runs its list for each value, one value at a time under limit 1", () => {
  const d = new Driver(flowOf([task("each", { lists: { tasks: [task("x"), task("y")] } })])).create();
  d.expand("each", { kind: "each", list: "tasks", values: ["a", "b"], concurrency: 1 });
  expect(d.run("x").value).toBe("a");
  d.finish("x").finish("y");
  expect(d.run("x").value).toBe("b");
  expect(d.run("x").iteration).toBe(1);
  d.finish("x").finish("y");
  expect(d.state.status).toBe("SUCCESS");
});

test("a ForEach without values and a flowable without children are SUCCESS at once", () => {
  const d = new Driver(flowOf([task("each", { lists: { tasks: [task("x")] } }), task("s", { lists: { tasks: [] } })]));
  d.create().expand("each", { kind: "each", list: "tasks", values: [], concurrency: 0 }).expand("s", sequence);
  expect(d.state.status).toBe("SUCCESS");
});

test("a choice that matches nothing fails with its message", () => {
  const d = new Driver(flowOf([task("switch")])).create();
  d.expand("switch", { kind: "nothing", state: "FAILED", message: "no case" });
  expect(d.run("switch").error).toBe("no case");
  expect(d.state.status).toBe("FAILED");
});

const retry = {
  type: "constant" as const,
  intervalMs: 1_000,
  maxIntervalMs: undefined,
  minIntervalMs: undefined,
  delayFactor: 2,
  maxAttempts: 3,
  maxDurationMs: undefined,
  warningOnRetry: false,
  behavior: "RETRY_FAILED_TASK" as const,
};

test("[A3] a failed attempt is retried by its policy before anybody sees the failure", () => {
  const d = new Driver(flowOf([task("a", { retry })])).create().fail("a");
  expect(d.run("a").state).toBe("RETRYING");
  expect(d.state.status).toBe("RETRYING");
  d.advance(999);
  expect(d.run("a").state).toBe("RETRYING");
  d.advance(1).fail("a").advance(1_000).fail("a");
  expect(d.run("a").attempts).toHaveLength(3);
  expect(d.state.status).toBe("FAILED");
});

test("[A1][E2] a late, a second and a made-up answer change nothing", () => {
  const d = new Driver(flowOf([task("a"), task("b")])).create();
  const effect = d.effect("a");
  d.finish("a");
  const before = d.state;
  for (const id of [effect, "7:99", "x:1", "nonsense"])
    d.apply({ kind: "task-finished", at: 5_000, effect: id, answer: { state: "FAILED" } });
  expect(d.state).toBe(before);
});

test("[A2] an attempt whose runner is gone is asked for again under a new id, and the old answer is refused", () => {
  const d = new Driver(flowOf([task("a")])).create().dispatch("a", { leaseUntil: 2_000 });
  const old = d.effect("a");
  d.advance(1_000);
  expect(d.effect("a")).not.toBe(old);
  d.apply({ kind: "task-finished", at: d.now, effect: old, answer: { state: "SUCCESS" } });
  expect(d.state.status).toBe("RUNNING");
  d.finish("a");
  expect(d.state.status).toBe("SUCCESS");
});

test("a task that passes its deadline fails and is stopped", () => {
  const d = new Driver(flowOf([task("a")])).create().dispatch("a", { deadlineAt: 1_500 }).advance(500);
  expect(d.state.status).toBe("FAILED");
  expect(d.asked.some((effect) => effect.kind === "cancel-task")).toBe(true);
});

test("[K3] a pause ends once, by resume or by its timer", () => {
  const d = new Driver(flowOf([task("p"), task("b")])).create();
  d.expand("p", { kind: "pause", until: 5_000 });
  expect(d.state.status).toBe("PAUSED");
  d.apply({ kind: "resume-requested", at: d.now, inputs: { ok: true } });
  expect(d.state.status).toBe("RUNNING");
  expect(d.run("p").outputs).toEqual({ onResume: { ok: true } });
  const before = d.state;
  d.advance(10_000);
  expect(d.state).toBe(before);
  d.finish("b");
  expect(d.state.status).toBe("SUCCESS");
});

test("a pause that elapses ends as its behavior says", () => {
  const outcome = (behavior: "RESUME" | "WARN" | "FAIL" | "CANCEL") =>
    new Driver(flowOf([task("p")])).create().expand("p", { kind: "pause", until: 1_100, behavior }).advance(100).state
      .status;
  expect([outcome("RESUME"), outcome("WARN"), outcome("FAIL"), outcome("CANCEL")]).toEqual([
    "SUCCESS",
    "WARNING",
    "FAILED",
    "CANCELLED",
  ]);
});

test("a manual pause holds back what would start, and a resume lets it go", () => {
  const d = new Driver(flowOf([task("a"), task("b")])).create();
  d.apply({ kind: "pause-requested", at: d.now });
  d.finish("a");
  expect(d.run("b").waiting).toEqual({ kind: "held" });
  d.apply({ kind: "resume-requested", at: d.now });
  d.finish("b");
  expect(d.state.status).toBe("SUCCESS");
});

test("[K1][K2] kill waits for what runs elsewhere and wins over its answer", () => {
  const d = new Driver(flowOf([task("a"), task("b")])).create().dispatch("a");
  d.apply({ kind: "kill-requested", at: d.now, cascade: true });
  expect(d.state.status).toBe("KILLING");
  const waiting = d.run("a").waiting;
  const target = waiting?.kind === "cancel" ? waiting.target : "";
  d.apply({ kind: "task-finished", at: d.now, effect: target, answer: { state: "SUCCESS" } });
  expect(d.state.status).toBe("KILLED");
  expect(d.states()).toEqual({ a: "KILLED" });
});

test("[K2] a killed execution ends by the grace timer when nobody answers", () => {
  const d = new Driver(flowOf([task("a")])).create().dispatch("a");
  d.apply({ kind: "kill-requested", at: d.now, cascade: true });
  d.advance(60_000);
  expect(d.state.status).toBe("KILLED");
});

test("kill in RETRYING and in PAUSED is at once", () => {
  const retrying = new Driver(flowOf([task("a", { retry })])).create().fail("a");
  retrying.apply({ kind: "kill-requested", at: 1_000, cascade: true });
  retrying.advance(60_000);
  expect(retrying.states()).toEqual({ a: "KILLED" });
  const paused = new Driver(flowOf([task("p")])).create().expand("p", { kind: "pause" });
  paused.apply({ kind: "kill-requested", at: 1_000, cascade: true });
  expect(paused.state.status).toBe("KILLED");
});

const subflow: Extract<Expansion, { kind: "subflow" }> = {
  kind: "subflow",
  namespace: "test",
  flowId: "child",
  inputs: {},
  labels: [],
  inheritLabels: false,
  wait: true,
  transmitFailed: true,
};

test("a Subflow waits for its execution and takes its state and outputs", () => {
  const d = new Driver(flowOf([task("s"), task("b")])).create().expand("s", subflow);
  const effect = d.effect("s");
  d.apply({ kind: "subflow-started", at: d.now, effect, executionId: "child1" });
  expect(d.run("s").outputs).toEqual({ executionId: "child1" });
  d.apply({ kind: "subflow-finished", at: d.now, effect, executionId: "child1", state: "SUCCESS", outputs: { x: 1 } });
  expect(d.run("s").outputs).toEqual({ executionId: "child1", state: "SUCCESS", outputs: { x: 1 } });
  expect(d.has("b")).toBe(true);
});

test("a failed subflow fails its task, unless transmitFailed is off", () => {
  for (const transmitFailed of [true, false]) {
    const d = new Driver(flowOf([task("s")])).create().expand("s", { ...subflow, transmitFailed });
    const effect = d.effect("s");
    d.apply({ kind: "subflow-finished", at: d.now, effect, executionId: "child1", state: "FAILED" });
    expect(d.state.status).toBe(transmitFailed ? "FAILED" : "SUCCESS");
  }
});

test("kill of a parent asks for the end of the child, even when the child's start is answered later", () => {
  const d = new Driver(flowOf([task("s")])).create().expand("s", subflow);
  const effect = d.effect("s");
  d.apply({ kind: "kill-requested", at: d.now, cascade: true });
  d.apply({ kind: "subflow-started", at: d.now, effect, executionId: "child1" });
  expect(d.state.pending.map((pending) => pending.kind)).toEqual(["kill-execution"]);
  d.apply({ kind: "subflow-finished", at: d.now, effect, executionId: "child1", state: "KILLED" });
  expect(d.state.status).toBe("KILLED");
});

test("a restart runs what failed again, keeps what succeeded, and drops the errors branch", () => {
  const d = new Driver(flowOf([task("a"), task("b"), task("c")], { errors: [task("e")] })).create();
  d.finish("a").fail("b").finish("e");
  expect(d.state.status).toBe("FAILED");
  d.apply({ kind: "restart-requested", at: d.now });
  expect(d.states()).toEqual({ a: "SUCCESS", b: "RESTARTED" });
  d.finish("b").finish("c");
  expect(d.state.status).toBe("SUCCESS");
  expect(d.run("b").attempts).toHaveLength(2);
  expect(d.state.attempt).toBe(2);
});

test("a restart goes into flowables and on with lanes that a failure cut short", () => {
  const lane = (name: string) => task(name, { lists: { tasks: [task(`${name}1`), task(`${name}2`)] } });
  const d = new Driver(flowOf([task("p", { lists: { tasks: [lane("l"), lane("r")] } })])).create();
  d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("l", sequence).expand("r", sequence);
  d.finish("l1").fail("r1");
  expect(d.state.status).toBe("FAILED");
  d.apply({ kind: "restart-requested", at: d.now });
  d.finish("r1").finish("r2").finish("l2");
  expect(d.state.status).toBe("SUCCESS");
});

test("[N1] outputs are rendered before the end, and a failure to render them fails the execution", () => {
  const outputs = [{ id: "o", type: "STRING" as const, value: "x" }];
  for (const error of [undefined, "no such task"]) {
    const d = new Driver(flowOf([task("a")], { outputs })).create().finish("a");
    expect(d.state.status).toBe("RUNNING");
    const effect = d.state.pending[0]?.id ?? "";
    d.apply({
      kind: "outputs-rendered",
      at: d.now,
      effect,
      ...(error === undefined ? { outputs: { o: "x" } } : { error }),
    });
    expect(d.state.status).toBe(error === undefined ? "SUCCESS" : "FAILED");
  }
});

test("[N2] the parent is told until it has acknowledged", () => {
  const d = new Driver(flowOf([task("a")]))
    .create({ parent: { executionId: "p", effect: "0:1", depth: 1 } })
    .finish("a");
  const [notify] = d.state.pending;
  expect(notify?.kind).toBe("notify-parent");
  d.apply({ kind: "effect-acknowledged", at: d.now, effect: notify?.id ?? "" });
  expect(d.state.pending).toEqual([]);
});

test("an execution with a future schedule date starts at that date", () => {
  const d = new Driver(flowOf([task("a")])).create({ scheduleAt: 9_000 });
  expect(d.state.status).toBe("CREATED");
  d.advance(8_000).finish("a");
  expect(d.state.status).toBe("SUCCESS");
});

test("replaying the log gives the same state; a snapshot thaws to what it froze", () => {
  const d = new Driver(flowOf([task("p", { lists: { tasks: [task("x"), task("y")] } })])).create();
  d.expand("p", { kind: "parallel", list: "tasks", concurrency: 1 }).finish("x");
  const reduce = createReducer(d.plan);
  const replayed = d.log.reduce((state, event) => reduce(state, event).state, initialState());
  expect(freeze(replayed)).toBe(freeze(d.state));
  const thawed = thaw(freeze(d.state));
  expect(thawed && freeze(thawed)).toBe(freeze(d.state));
});

test("[E3] no effect id is used twice", () => {
  const d = new Driver(flowOf([task("a", { retry }), task("b")]))
    .create()
    .fail("a")
    .advance(1_000)
    .finish("a")
    .finish("b");
  const ids = d.asked.flatMap((effect) => ("id" in effect ? [effect.id] : []));
  expect(new Set(ids).size).toBe(ids.length);
});

test("[A5] an attempt that its failed container left behind is neither retried nor asked for again", () => {
  const two = task("p", { lists: { tasks: [task("x"), task("y", { retry }), task("z")] } });
  const d = new Driver(flowOf([two])).create();
  d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).dispatch("y").dispatch("z", { leaseUntil: 2_000 });
  d.fail("x").fail("y").advance(5_000);
  expect(d.states()).toEqual({ p: "FAILED", x: "FAILED", y: "FAILED", z: "KILLED" });
});

test("seed 613 – afterExecution of an execution that ended while paused by hand still runs", () => {
  const d = new Driver(flowOf([task("a")], { afterExecution: [task("z")] })).create();
  d.apply({ kind: "pause-requested", at: d.now });
  d.fail("a").finish("z");
  expect(d.states()).toEqual({ a: "FAILED", z: "SUCCESS" });
});

test("seed 2703 – a nested errors branch ends with the container around it", () => {
  const inner = task("s", { lists: { tasks: [task("s1")], errors: [task("e1")] } });
  const d = new Driver(flowOf([task("p", { lists: { tasks: [task("x"), inner] } })])).create();
  d.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("s", sequence).fail("s1").fail("x");
  expect(d.states()).toEqual({ p: "FAILED", x: "FAILED", s: "KILLED", s1: "FAILED", e1: "KILLED" });
});
