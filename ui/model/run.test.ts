import { describe, expect, test } from "vitest";
import type { ExecutionEvent } from "#schema/event.ts";
import { startReplay } from "./engine.ts";
import { RunModel } from "./run.ts";
import { executionOf, stateOf } from "./testing.ts";

const source = `id: f
namespace: n
tasks:
  - id: a
    type: io.kestra.plugin.core.log.Log
    message: hi
`;
const flow = { source, revision: 1, namespace: "n", flowId: "f" };
const created: ExecutionEvent = {
  kind: "execution-created",
  at: 1000,
  id: "0123456789012345678900",
  tenant: "main",
  namespace: "n",
  flowId: "f",
  flowRevision: 1,
  inputs: {},
  labels: [],
};
const finished: ExecutionEvent = { kind: "task-finished", at: 1500, effect: "0.1", answer: { state: "SUCCESS" } };

function model(): RunModel {
  return new RunModel(({ source: text }) => {
    const replay = startReplay(text);
    if (!replay) throw new Error("unreadable");
    return replay;
  });
}

describe("RunModel", () => {
  test("events give what the server's own reducer gives", () => {
    const run = model();
    run.applyFlow(flow);
    expect(run.applyEvents(0, [created])).toBe("applied");
    run.settle();
    expect(run.execution?.state.current).toBe("RUNNING");
    expect(run.execution?.taskRunList?.map(({ taskId }) => taskId)).toEqual(["a"]);
  });

  test("[R1] the stream may start again from its beginning", () => {
    const run = model();
    run.applyFlow(flow);
    run.applyEvents(0, [created, finished]);
    run.applyLogs(0, [{ at: 1, level: "INFO", message: "one" }]);
    run.applyFlow({ ...flow });
    expect(run.applyEvents(0, [created, finished])).toBe("known");
    expect(
      run.applyLogs(0, [
        { at: 1, level: "INFO", message: "one" },
        { at: 2, level: "INFO", message: "two" },
      ]),
    ).toBe("applied");
    expect(run.logs.map(({ message }) => message)).toEqual(["one", "two"]);
  });

  test("[R2] a gap is told and nothing is applied", () => {
    const run = model();
    run.applyFlow(flow);
    run.applyEvents(0, [created]);
    expect(run.applyEvents(5, [finished])).toBe("gap");
    expect(run.applyLogs(3, [{ at: 1, level: "INFO", message: "x" }])).toBe("gap");
    expect(run.logs).toEqual([]);
  });

  test("[R2] events before the flow cannot be read yet", () => expect(model().applyEvents(0, [created])).toBe("gap"));

  test("[R3] a snapshot shows until events flow", () => {
    const run = model();
    const snapshot = executionOf(stateOf(["CREATED", 0]));
    run.applySnapshot(snapshot);
    expect(run.execution).toBe(snapshot);
    run.applyFlow(flow);
    run.applyEvents(0, [created]);
    run.settle();
    run.applySnapshot(snapshot);
    expect(run.execution).not.toBe(snapshot);
  });
});
