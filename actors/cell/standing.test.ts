import { expect, test } from "vitest";
import type { StartRequest } from "#schema/cell.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import { FakeHost, FakeWorld } from "#shell/testing.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { CellRoom } from "./cell-room.ts";

const PAUSING = `id: flow
namespace: company.team
tasks:
  - id: hold
    type: io.kestra.plugin.core.flow.Pause
`;

function room(): CellRoom {
  const surroundings = { envs: {}, globals: {}, kestra: {} };
  return new CellRoom({ sql: nodeSql(), host: new FakeHost("b1"), world: new FakeWorld(), surroundings });
}

function request(name: string): StartRequest {
  const id = derivedExecutionId([name], 1);
  const flow = { tenant: "main", namespace: "company.team", flowId: "flow", revision: 1, source: PAUSING };
  return { id, ...flow, inputs: {}, labels: [] };
}

test("many are asked at once where they stand, in order, and nothing is changed", async () => {
  const cell = room();
  const [paused, killed] = [request("paused"), request("killed")];
  await cell.start(paused);
  await cell.start(killed);
  await cell.command(killed.id, { kind: "kill", cascade: false });
  const unknown = derivedExecutionId(["unknown"], 1);
  const before = JSON.stringify([cell.get(paused.id), cell.get(killed.id)]);
  expect(cell.standing([killed.id, unknown, paused.id], { kind: "kill", cascade: false })).toEqual([
    { state: "KILLED", refusal: "Execution is already finished, can't kill it" },
    null,
    { state: "PAUSED" },
  ]);
  expect(cell.standing([paused.id], { kind: "pause" })).toEqual([
    { state: "PAUSED", refusal: "The execution is not running" },
  ]);
  expect(JSON.stringify([cell.get(paused.id), cell.get(killed.id)])).toBe(before);
});

test("a command that was taken under its name is not refused for what it did", async () => {
  const cell = room();
  const paused = request("paused");
  await cell.start(paused);
  const kill = { kind: "kill", cascade: false, commandId: "once" } as const;
  await cell.command(paused.id, kill);
  expect(cell.standing([paused.id], kill)).toEqual([{ state: "KILLED" }]);
  expect(await cell.command(paused.id, kill)).toMatchObject({ ok: true });
  expect(cell.standing([paused.id], { ...kill, commandId: "other" })[0]).toHaveProperty("refusal");
});
