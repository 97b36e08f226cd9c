import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { toSummary } from "#engine/index.ts";
import { flowOf, task } from "#engine/testing.ts";
import type { ExecutionSummary } from "#schema/execution.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { Live, programOf } from "./live.ts";
import { Projector } from "./projector.ts";
import { CellStore } from "./store.ts";
import { FakeHost, FakeWorld } from "./testing.ts";

let host: FakeHost;
let world: FakeWorld;
let store: CellStore;
let projector: Projector;

beforeEach(() => {
  host = new FakeHost();
  world = new FakeWorld();
  store = new CellStore(nodeSql(new DatabaseSync(":memory:")));
  projector = new Projector(world, host, store);
});

function started(id: string): Live {
  const one = Live.create(id, programOf("name", 1, "source", flowOf([task("a")])));
  one.apply({
    kind: "execution-created",
    at: host.now(),
    id,
    tenant: "main",
    namespace: "test",
    flowId: "flow",
    flowRevision: 1,
    inputs: {},
    labels: [],
  });
  store.commit(one.takeCommit(undefined, undefined));
  return one;
}

function remove(one: Live): void {
  const summary = { ...toSummary(one.state), seq: one.state.seq + 1, deleted: true };
  projector.removed(summary);
  store.remove(one.id, host.now(), JSON.stringify(summary));
}

function changed(one: Live): void {
  one.apply(
    one.state.held ? { kind: "resume-requested", at: host.now() } : { kind: "pause-requested", at: host.now() },
  );
  store.commit(one.takeCommit(undefined, undefined));
  projector.changed(one);
}

const batches = () =>
  world.of("project").map(([rows]) => (rows as ExecutionSummary[]).map(({ id, seq }) => `${id}:${seq}`));

describe("the projection", () => {
  test("[J1] is told the newest state of each execution, in one batch", async () => {
    const [a, b] = [started("a"), started("b")];
    projector.changed(a);
    changed(a);
    projector.changed(b);
    changed(a);
    await host.run(1_000);
    expect(batches()).toEqual([["a:3", "b:1"]]);
  });

  test("is told nothing when nothing has changed", async () => {
    const a = started("a");
    projector.changed(a);
    await host.run(1_000);
    projector.changed(a);
    await host.run(1_000);
    expect(batches()).toEqual([["a:1"]]);
  });

  test("[J2] is told again after it has failed, later each time, and confirms then", async () => {
    world.refusals.set("project", 3);
    projector.changed(started("a"));
    const at: number[] = [];
    const start = host.now();
    for (let step = 0; step < 400; step++) {
      const before = world.calls.length;
      await host.run(10);
      if (world.calls.length > before) at.push(host.now() - start);
    }
    expect(at).toEqual([150, 450, 1_050, 2_250]);
    store.flush();
    expect([store.load("a")?.projected, store.open()]).toEqual([1, []]);
  });

  test("[J1] is not sent an older state after a newer one when the older had failed", async () => {
    const a = started("a");
    let fail = () => {};
    const first = new Promise<void>((_, reject) => {
      fail = () => reject(new Error("lost"));
    });
    const rows: string[] = [];
    let calls = 0;
    const port = {
      async project(batch: readonly ExecutionSummary[]) {
        calls += 1;
        if (calls === 1) await first;
        for (const row of batch) rows.push(`${row.id}:${row.seq}`);
      },
    };
    projector = new Projector(port, host, store);
    projector.changed(a);
    await host.run(200);
    changed(a);
    fail();
    await host.run(1_000);
    expect(rows).toEqual(["a:2"]);
  });

  test("[J2] keeps open what it confirmed in an older state", async () => {
    const a = started("a");
    projector.changed(a);
    await host.run(100);
    a.apply({ kind: "pause-requested", at: host.now() });
    store.commit(a.takeCommit(undefined, undefined));
    await host.run(100);
    store.flush();
    expect(store.open()).toMatchObject([{ id: "a", isProjected: false }]);
  });

  test("hears of a removal as a row that wins over all before it, and confirms nothing for it", async () => {
    const a = started("a");
    projector.changed(a);
    remove(a);
    await host.run(1_000);
    expect(world.of("project")).toMatchObject([[[{ id: "a", seq: 2, deleted: true }]]]);
    store.flush();
    expect(store.open()).toEqual([]);
  });

  test("[J2] hears of a removal although the process died before it could be told", async () => {
    const a = started("a");
    world.refusals.set("project", 100);
    remove(a);
    expect(store.untold().map((text) => JSON.parse(text))).toMatchObject([{ id: "a", deleted: true }]);
    world.refusals.clear();
    const next = new Projector(world, host, store);
    for (const text of store.untold()) next.removed(JSON.parse(text));
    await host.run(1_000);
    expect([world.rows.get("a")?.deleted, store.untold()]).toEqual([true, []]);
  });

  test("[J2] hears of a removal although the first call failed", async () => {
    world.refusals.set("project", 1);
    const a = started("a");
    remove(a);
    await host.run(1_000);
    expect(world.rows.get("a")).toMatchObject({ deleted: true });
  });
});
