import { describe, expect, test } from "vitest";
import { toExecutionJson, toSummary } from "./json.ts";
import { initialState } from "./state.ts";
import { CONSTANT_RETRY, Driver, flowOf, SEQUENCE, task } from "./testing.ts";

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

function at(flow: ReturnType<typeof flowOf>): Driver {
  const d = new Driver(flow);
  d.now = AT;
  return d;
}

/** Names of the fields that have a value, at each level: what a client of the API can rely on. */
function fieldsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [fieldsOf(value[0])];
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fieldsOf(item)]));
}

const STATE = {
  current: "string",
  histories: [{ state: "string", date: "string" }],
  duration: "string",
  startDate: "string",
};

describe("the JSON of an execution", () => {
  test("has the fields of the reference, and no field that is null but a task run's outputs", () => {
    const d = at(flowOf([task("a"), task("b")], { outputs: [{ id: "o", type: "STRING", value: "x" }] }));
    d.create({
      inputs: { name: "x" },
      labels: [{ key: "k", value: "v" }],
      variables: { schedule: {} },
      trigger: { id: "t", type: "webhook", variables: { body: 1 } },
      parentId: "older",
      originalId: "oldest",
      scheduleAt: AT,
    });
    d.finish("a", { outputs: { value: 1 } }).finish("b");
    d.apply({ kind: "outputs-rendered", at: d.now, effect: d.state.pending[0]?.id ?? "", outputs: { o: "x" } });
    const json = toExecutionJson(d.state, d.plan);
    expect(fieldsOf(json)).toEqual({
      id: "string",
      tenantId: "string",
      namespace: "string",
      flowId: "string",
      flowRevision: "number",
      taskRunList: [
        {
          id: "string",
          executionId: "string",
          namespace: "string",
          flowId: "string",
          taskId: "string",
          attempts: [{ state: { ...STATE, endDate: "string" } }],
          outputs: { value: "number" },
          state: { ...STATE, endDate: "string" },
        },
      ],
      inputs: { name: "string" },
      outputs: { o: "string" },
      variables: { schedule: {} },
      labels: [{ key: "string", value: "string" }],
      state: { ...STATE, endDate: "string" },
      parentId: "string",
      originalId: "string",
      trigger: { id: "string", type: "string", variables: { body: "number" } },
      deleted: "boolean",
      metadata: { attemptNumber: "number", originalCreatedDate: "string" },
      scheduleDate: "string",
    });
    expect(json.taskRunList?.[1]?.outputs).toBeNull();
  });

  test("leaves out what there is none of: task runs, inputs, outputs, trigger, parent", () => {
    const d = at(flowOf([task("a")])).create({ scheduleAt: AT + 60_000 });
    expect(toExecutionJson(d.state, d.plan, AT + 1_500)).toEqual({
      id: "0123456789012345678900",
      tenantId: "main",
      namespace: "test",
      flowId: "flow",
      flowRevision: 1,
      labels: [],
      state: {
        current: "CREATED",
        histories: [{ state: "CREATED", date: "2026-01-02T03:04:05.000Z" }],
        duration: "PT1.5S",
        startDate: "2026-01-02T03:04:05.000Z",
      },
      originalId: "0123456789012345678900",
      deleted: false,
      metadata: { attemptNumber: 1, originalCreatedDate: "2026-01-02T03:04:05.000Z" },
      scheduleDate: "2026-01-02T03:05:05.000Z",
    });
  });

  test("tells task runs in the order they were made, with parent, value and iteration", () => {
    const d = at(flowOf([task("f", { lists: { tasks: [task("x")] } })])).create();
    d.expand("f", { kind: "each", list: "tasks", values: ["a", "b"], concurrency: 0 });
    const runs = toExecutionJson(d.state, d.plan).taskRunList?.map(
      ({ taskId, parentTaskRunId, value, iteration, id }) => ({
        taskId,
        parentTaskRunId,
        value,
        iteration,
        id,
      }),
    );
    expect(runs).toEqual([
      { taskId: "f", id: "0123456789012345-0" },
      { taskId: "x", id: "0123456789012345-1", parentTaskRunId: "0123456789012345-0", value: "a", iteration: 0 },
      { taskId: "x", id: "0123456789012345-2", parentTaskRunId: "0123456789012345-0", value: "b", iteration: 1 },
    ]);
  });

  test("counts a duration from the first to the last history, and ends when terminal or PAUSED", () => {
    const d = at(flowOf([task("p"), task("a", { retry: CONSTANT_RETRY })])).create();
    d.advance(250).expand("p", { kind: "pause" });
    const paused = toExecutionJson(d.state, d.plan, AT + 9_999).state;
    expect([paused.current, paused.duration, paused.endDate]).toEqual([
      "PAUSED",
      "PT0.25S",
      "2026-01-02T03:04:05.250Z",
    ]);
    d.advance(1_000).resume();
    const running = toExecutionJson(d.state, d.plan).state;
    expect([running.duration, running.endDate]).toEqual(["PT1.25S", undefined]);
    d.fail("a").advance(1_000).finish("a");
    const run = toExecutionJson(d.state, d.plan).taskRunList?.[1];
    expect(run?.attempts.map((attempt) => attempt.state.current)).toEqual(["FAILED", "SUCCESS"]);
    expect(run?.attempts.map((attempt) => attempt.state.histories.map(({ state }) => state))).toEqual([
      ["CREATED", "RUNNING", "FAILED"],
      ["CREATED", "RUNNING", "SUCCESS"],
    ]);
  });

  test("counts restarts in its attempt number, and hides what a restart took out", () => {
    const d = at(flowOf([task("a")], { errors: [task("e")] }))
      .create()
      .fail("a")
      .finish("e")
      .restart();
    const json = toExecutionJson(d.state, d.plan);
    expect([json.metadata.attemptNumber, json.taskRunList?.map((run) => run.taskId)]).toEqual([2, ["a"]]);
  });

  test("needs an execution", () => {
    const { plan } = at(flowOf([task("a")]));
    expect(() => toExecutionJson(initialState(), plan)).toThrow("never created");
    expect(() => toSummary(initialState())).toThrow("never created");
  });
});

describe("the row of an execution in lists", () => {
  test("shows where it stands, and what started it", () => {
    const variables = { executionId: "caller" };
    const d = at(flowOf([task("s", { lists: { tasks: [task("a")] } })])).create({
      trigger: { id: "t", type: "x", variables },
    });
    d.expand("s", SEQUENCE);
    expect(toSummary(d.state)).toEqual({
      id: "0123456789012345678900",
      tenant: "main",
      namespace: "test",
      flowId: "flow",
      flowRevision: 1,
      state: "RUNNING",
      startAt: AT,
      endAt: null,
      durationMs: null,
      labels: [],
      triggerId: "t",
      triggerType: "x",
      triggerExecutionId: "caller",
      parentId: null,
      seq: 2,
      deleted: false,
    });
    d.advance(700).finish("a");
    expect(toSummary(d.state)).toMatchObject({ state: "SUCCESS", endAt: AT + 700, durationMs: 700, seq: 3 });
  });

  test("shows the labels as they are now", () => {
    const d = at(flowOf([task("a")]))
      .create({ labels: [{ key: "a", value: "1" }] })
      .finish("a");
    d.apply({ kind: "labels-set", at: d.now, labels: [{ key: "b", value: "2" }] });
    expect(toSummary(d.state).labels).toEqual([{ key: "b", value: "2" }]);
    expect(toExecutionJson(d.state, d.plan).labels).toEqual([{ key: "b", value: "2" }]);
  });
});
