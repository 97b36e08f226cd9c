import { describe, expect, test } from "vitest";
import type { CommandKind } from "#schema/cell.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { parse, startReplay } from "./engine.ts";
import {
  type ActionId,
  allowedActions,
  canChangeState,
  changeableRuns,
  readOutputs,
  runName,
  taskIdsOf,
} from "./steering.ts";
import { executionOf, runOf, stateOf } from "./testing.ts";

const refusing =
  (...kinds: CommandKind[]) =>
  ({ kind }: { kind: CommandKind }) =>
    kinds.includes(kind) ? "no" : undefined;

describe("[C1] what is offered", () => {
  test("is what the engine does not refuse", () => {
    const all = allowedActions("PAUSED", refusing());
    expect([...all].sort()).toEqual(
      [
        "change-status",
        "delete",
        "force-run",
        "kill",
        "pause",
        "restart",
        "resume",
        "resume-from-breakpoint",
        "set-labels",
        "unqueue",
      ].sort(),
    );
    const fewer = allowedActions("PAUSED", refusing("pause", "unqueue", "change-status", "set-labels"));
    for (const action of ["pause", "unqueue", "change-status", "set-labels"] as const)
      expect(fewer.has(action), action).toBe(false);
    expect(fewer.has("resume")).toBe(true);
  });

  test.each<[Parameters<typeof allowedActions>[0], ActionId]>([
    ["KILLING", "kill"],
    ["RUNNING", "force-run"],
    ["RETRYING", "force-run"],
  ])("in %s is no %s: it would change nothing", (state, action) => {
    expect(allowedActions(state, refusing()).has(action)).toBe(false);
  });

  test("a replay only once it has ended", () => {
    expect(allowedActions("FAILED", refusing()).has("replay")).toBe(true);
    expect(allowedActions("RUNNING", refusing()).has("replay")).toBe(false);
  });

  test("a task run's state only where the engine takes it", () => {
    expect(canChangeState("x", refusing())).toBe(true);
    expect(canChangeState("x", refusing("change-state"))).toBe(false);
  });
});

/** A page that has heard that an execution of these tasks was created. */
function replayOf(...taskIds: string[]) {
  const tasks = taskIds.map((id) => `  - id: ${id}\n    type: io.kestra.plugin.core.log.Log\n    message: hi\n`);
  const replay = startReplay(`id: f\nnamespace: n\ntasks:\n${tasks.join("")}`);
  if (!replay) throw new Error("unreadable");
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
  replay.apply(created);
  return replay;
}

test("[C1] of a running and an ended execution, by the engine's own word", () => {
  const replay = replayOf("a");
  const offered = () => allowedActions(replay.toJson().state.current, (command) => replay.refusal(command));
  expect([...offered()]).toEqual(expect.arrayContaining(["pause", "kill", "delete"]));
  expect(offered().has("resume")).toBe(false);
  expect(offered().has("restart")).toBe(false);
  replay.apply({ kind: "task-finished", at: 1500, effect: "0:1", answer: { state: "FAILED" } });
  expect(replay.toJson().state.current).toBe("FAILED");
  expect([...offered()]).toEqual(expect.arrayContaining(["restart", "replay", "delete"]));
  for (const action of ["pause", "kill", "resume"] as const) expect(offered().has(action), action).toBe(false);
  expect(replay.jsonAt(1).state.current).toBe("RUNNING");
  expect(replay.jsonAt(0).state.current).toBe("RUNNING");
  expect(replay.jsonAt(99).state.current).toBe("FAILED");
});

test("[C1] what a replay keeps, by the engine's own word", () => {
  const replay = replayOf("a", "b", "c");
  for (const [index, state] of (["SUCCESS", "SUCCESS", "FAILED"] as const).entries())
    replay.apply({ kind: "task-finished", at: 1500, effect: `${index}:${index + 1}`, answer: { state } });
  const runs = replay.toJson().taskRunList ?? [];
  const [a, b, c] = runs.map(({ id }) => id);
  const names = (kept: ReadonlySet<string>) => runs.filter(({ id }) => kept.has(id)).map(({ taskId }) => taskId);
  expect(names(replay.kept(undefined))).toEqual(["a", "b"]);
  expect(names(replay.kept(c))).toEqual(["a", "b"]);
  expect(names(replay.kept(b))).toEqual(["a"]);
  expect(names(replay.kept(a))).toEqual([]);
  expect(names(replay.kept("unknown"))).toEqual([]);
  expect(names(replay.kept(undefined, 2))).toEqual(["a"]);
});

test("[C1] outputs can be changed of kept task runs that have ended and have none of their own", () => {
  const ended = stateOf(["CREATED", 0], ["SUCCESS", 1]);
  const execution = executionOf(stateOf(["FAILED", 9]), [
    runOf("a", ended),
    runOf("group", stateOf(["RUNNING", 1])),
    runOf("b", ended, { parent: "group" }),
    runOf("c", stateOf(["RUNNING", 2]), { parent: "group" }),
    runOf("d", stateOf(["FAILED", 3]), { parent: "group" }),
    runOf("e", ended),
  ]);
  const changeable = (...kept: string[]) => changeableRuns(execution, new Set(kept)).map(({ id }) => id);
  expect(changeable("a", "group", "b", "c")).toEqual(["a", "b"]);
  expect(changeable()).toEqual([]);
});

test("tasks of a flow in the order they are written", () => {
  const source =
    "id: f\nnamespace: n\ntasks:\n  - id: g\n    type: io.kestra.plugin.core.flow.Sequential\n    tasks:\n      - {id: a, type: io.kestra.plugin.core.log.Log, message: x}\n  - {id: b, type: io.kestra.plugin.core.log.Log, message: x}\nfinally:\n  - {id: c, type: io.kestra.plugin.core.log.Log, message: x}\n";
  const { flow } = parse(source);
  expect(flow && taskIdsOf(flow)).toEqual(["g", "a", "b", "c"]);
});

test("outputs are written as a map", () => {
  expect(readOutputs('{"a": 1}')).toEqual({ outputs: { a: 1 } });
  expect(readOutputs("[1]")).toMatchObject({ mistake: expect.stringContaining("a map") });
  expect(readOutputs("{a")).toMatchObject({ mistake: expect.stringContaining("not JSON") });
});

test("task runs of a loop are told apart", () => {
  expect(runName({ taskId: "a" })).toBe("a");
  expect(runName({ taskId: "a", value: "x", iteration: 0 })).toBe("a (x)");
  expect(runName({ taskId: "a", iteration: 1 })).toBe("a (turn 2)");
  expect(runName({ taskId: "a", value: "v".repeat(50) })).toBe(`a (${"v".repeat(40)}…)`);
});
