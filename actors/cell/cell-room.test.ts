import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import type { StartRequest } from "#schema/cell.ts";
import { taskRunId } from "#schema/ids.ts";
import { FakeHost, FakeWorld } from "#shell/testing.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { CellRoom } from "./cell-room.ts";

const ID = "0123456789012345678900";
const SOURCE = `id: flow
namespace: company.team
tasks:
  - {id: a, type: io.kestra.plugin.core.debug.Return, format: first}
  - {id: p, type: io.kestra.plugin.core.flow.Pause}
  - {id: b, type: io.kestra.plugin.core.debug.Return, format: "{{ outputs.a.value }}"}
`;
const REQUEST: StartRequest = {
  id: ID,
  tenant: "main",
  namespace: "company.team",
  flowId: "flow",
  revision: 1,
  source: SOURCE,
  inputs: {},
  labels: [],
};

let room: CellRoom;
let host: FakeHost;

beforeEach(async () => {
  const surroundings = { envs: {}, globals: {}, kestra: {} };
  const sql = nodeSql(new DatabaseSync(":memory:"));
  host = new FakeHost();
  room = new CellRoom({ sql, host, world: new FakeWorld(), surroundings });
  await room.start(REQUEST);
  await room.command(ID, { kind: "resume" });
});

describe("the past of an execution", () => {
  test("is its JSON when that many events had happened", () => {
    const states = Array.from({ length: 7 }, (_, at) => room.get(ID, { at })?.state.current);
    expect(states).toEqual([undefined, "RUNNING", "RUNNING", "PAUSED", "RUNNING", "SUCCESS", "SUCCESS"]);
    expect(room.get(ID, { at: 3 })?.taskRunList?.map(({ taskId }) => taskId)).toEqual(["a", "p"]);
    expect(room.get(ID, { at: 99 })).toEqual(room.get(ID));
    expect(room.get("x", { at: 1 })).toBeNull();
  });

  test("is read a page of events at a time", () => {
    const page = room.events(ID, 1, 2);
    expect([page?.events.map(({ kind }) => kind), page?.head]).toEqual([["task-finished", "task-expanded"], 5]);
    expect([room.events(ID, 0)?.events.length, room.events(ID, 5)?.events]).toEqual([5, []]);
    expect(room.events("x", 0)).toBeNull();
  });
});

describe("what a fork takes over", () => {
  test("is the runs as they are, with the ids they have, or as they were", () => {
    const now = room.forkOf(ID);
    expect(now).toMatchObject({ seq: 5, state: "SUCCESS", attempt: 1, revision: 1, facts: { id: ID } });
    expect(now?.taskRunIds).toEqual([0, 1, 2].map((index) => taskRunId(ID, index)));
    expect(now?.runs.map(({ taskId, state }) => [taskId, state])).toEqual([
      ["a", "SUCCESS"],
      ["p", "SUCCESS"],
      ["b", "SUCCESS"],
    ]);
    expect(room.forkOf(ID, { seq: 3 })?.runs.map(({ state }) => state)).toEqual(["SUCCESS", "PAUSED"]);
    expect([room.forkOf(ID, { seq: 0 }), room.forkOf("x")]).toEqual([null, null]);
  });

  test("starts an execution that goes on from there", async () => {
    const { runs = [], source = "", seq = 0 } = room.forkOf(ID) ?? {};
    const fork = { executionId: ID, seq, runs, from: 2, outputs: { "0": { value: "other" } } };
    const started = room.start({ ...REQUEST, id: "9".repeat(22), source, fork, wait: true });
    await host.run();
    const json = await started;
    expect(json?.state.current).toBe("SUCCESS");
    expect(json?.taskRunList?.map(({ outputs }) => outputs)).toMatchObject([
      { value: "other" },
      {},
      { value: "other" },
    ]);
  });
});

describe("[T3] what was removed", () => {
  test("is gone for every call, and is not started again", async () => {
    expect([room.remove(ID), room.remove(ID)]).toEqual([true, false]);
    expect(await room.start(REQUEST)).toBeNull();
    expect(room.get(ID)).toBeNull();
    expect(room.forkOf(ID)).toBeNull();
    expect(room.answer(ID, "0:1", { state: "SUCCESS" })).toBe(false);
    expect(await room.command(ID, { kind: "restart" })).toMatchObject({ ok: false, status: 404 });
    room.childEnded({ executionId: ID, effect: "0:1", depth: 1 }, { executionId: "c", state: "SUCCESS", outputs: {} });
    expect(room.get(ID)).toBeNull();
  });
});

test("waiting for the end is over at a breakpoint", async () => {
  const json = await room.start({ ...REQUEST, id: "8".repeat(22), breakpoints: ["b"], wait: true });
  expect(json?.state.current).toBe("PAUSED");
  await room.command("8".repeat(22), { kind: "resume" });
  const stopped = await room.start({ ...REQUEST, id: "8".repeat(22), wait: true });
  expect([stopped?.state.current, stopped?.breakpoints]).toEqual(["BREAKPOINT", ["b"]]);
});
