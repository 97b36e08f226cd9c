import { beforeEach, describe, expect, test } from "vitest";
import { ADOPTED } from "#schema/slot.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { type SlotLimit, SlotTable, type SlotTelling } from "./slot-table.ts";

const MINUTE = 60_000;
const ONE: SlotLimit = { limit: 1, behavior: "QUEUE" };
const TWO: SlotLimit = { limit: 2, behavior: "QUEUE" };

let table: SlotTable;
let now: number;
beforeEach(() => {
  table = new SlotTable(nodeSql());
  now = 1_000;
});

type Ask = { effect?: string; force?: boolean; ancestors?: string[]; limit?: SlotLimit | undefined };
function ask(executionId: string, { effect = "x:1", force = false, ancestors = [], ...more }: Ask = {}) {
  return table.acquire({ executionId, effect, force, ancestors }, "limit" in more ? more.limit : ONE, now);
}
const give = (executionId: string, { effect = "x:1", limit = ONE }: { effect?: string; limit?: SlotLimit } = {}) =>
  table.release(executionId, effect, limit, now);
const holders = () => table.view(ONE).holders.map(({ executionId }) => executionId);
const queue = () => table.view(ONE).queue.map(({ executionId }) => executionId);
const tellings = () => table.tellings(now).map(({ executionId, answer }) => `${executionId} ${answer}`);

describe("limit and order", () => {
  test("[H1, H2] up to the limit are granted, the others queue and follow in order", () => {
    expect(ask("a")).toEqual({ answer: "granted", running: 1 });
    expect(ask("b")).toEqual({ answer: "queued", running: 1 });
    expect(ask("c")).toEqual({ answer: "queued", running: 1 });
    expect(table.view(ONE).queue).toMatchObject([
      { executionId: "b", position: 1 },
      { executionId: "c", position: 2 },
    ]);
    give("a");
    expect([holders(), queue()]).toEqual([["b"], ["c"]]);
    give("b");
    expect([holders(), queue()]).toEqual([["c"], []]);
  });

  test("[H2] who leaves the queue is passed over, and frees nothing", () => {
    for (const id of ["a", "b", "c"]) ask(id);
    give("b");
    expect([holders(), queue()]).toEqual([["a"], ["c"]]);
    give("a");
    expect(holders()).toEqual(["c"]);
  });

  test.each(["CANCEL", "FAIL"] as const)("%s refuses one more, and keeps no row of it", (behavior) => {
    const limit = { limit: 1, behavior };
    ask("a", { limit });
    expect(ask("b", { limit })).toEqual({ answer: "refused", running: 1, behavior });
    expect(queue()).toEqual([]);
    give("a", { limit });
    expect(ask("b", { limit })).toMatchObject({ answer: "granted" });
  });

  test("[H4] a higher limit lets the queue move at once, a lower one takes no slot away, none lets all go", () => {
    for (const id of ["a", "b", "c", "d"]) ask(id);
    table.settle(TWO, now);
    expect(holders()).toEqual(["a", "b"]);
    give("a");
    expect(holders()).toEqual(["b"]);
    give("b");
    expect(holders()).toEqual(["c"]);
    table.settle(undefined, now);
    expect([holders(), queue()]).toEqual([["c", "d"], []]);
    expect(ask("e", { limit: undefined })).toMatchObject({ answer: "granted", running: 3 });
  });

  test("[H1] forced ones hold above the limit, and count", () => {
    ask("a");
    ask("b");
    expect(ask("b", { effect: "x:4", force: true })).toMatchObject({ answer: "granted", running: 2 });
    expect(table.view(ONE).holders).toMatchObject([{ forced: false }, { forced: true }]);
    expect(ask("c")).toMatchObject({ answer: "queued" });
    give("a");
    expect([holders(), queue()]).toEqual([["b"], ["c"]]);
    give("b", { effect: "x:4" });
    expect(holders()).toEqual(["c"]);
  });
});

describe("once", () => {
  test("[H3] the same wish again gets the same answer, and takes nothing twice", () => {
    ask("a");
    expect(ask("a")).toMatchObject({ answer: "granted", running: 1 });
    ask("b");
    expect(ask("b")).toMatchObject({ answer: "queued" });
    give("a");
    expect(ask("b")).toMatchObject({ answer: "granted", running: 1 });
  });

  test("[H3] a restart is a new arrival: what came meanwhile goes first, and the late release of before changes nothing", () => {
    ask("a");
    ask("b");
    expect(ask("a", { effect: "x:9" })).toMatchObject({ answer: "queued" });
    expect([holders(), queue()]).toEqual([["b"], ["a"]]);
    give("a");
    expect([holders(), queue()]).toEqual([["b"], ["a"]]);
    expect(ask("a")).toMatchObject({ answer: "refused" });
    give("b");
    expect(holders()).toEqual(["a"]);
  });

  test("[H3] a second release frees nothing", () => {
    for (const id of ["a", "b", "c"]) ask(id);
    give("a");
    give("a");
    expect([holders(), queue()]).toEqual([["b"], ["c"]]);
  });

  test("[H8] a wish that comes after its own end takes no slot; a later one does", () => {
    give("a");
    expect(ask("a")).toMatchObject({ answer: "refused" });
    expect(holders()).toEqual([]);
    expect(ask("a", { effect: "x:5" })).toMatchObject({ answer: "granted" });
    give("b");
    now += 11 * MINUTE;
    expect(tellings()).toEqual(["a granted"]);
    expect(ask("b")).toMatchObject({ answer: "queued" });
  });
});

describe("telling", () => {
  const heard = (telling: SlotTelling | undefined, taken: boolean) => {
    if (telling) table.told(telling, taken, ONE, now);
  };

  test("[H5] a grant from the queue is told until it is taken, less and less often", () => {
    ask("a");
    ask("b");
    give("a");
    expect(table.nextWakeAt()).toBe(now);
    expect(tellings()).toEqual(["b granted"]);
    expect(tellings()).toEqual([]);
    now += 2_000;
    const [telling] = table.tellings(now);
    expect(telling).toEqual({ executionId: "b", effect: "x:1", answer: "granted" });
    now += 3_999;
    expect(tellings()).toEqual([]);
    heard(telling, true);
    expect(table.nextWakeAt()).toBe(now + MINUTE);
  });

  test("[H5] who does not want it any more loses it to the next", () => {
    for (const id of ["a", "b", "c"]) ask(id);
    give("a");
    heard(table.tellings(now)[0], false);
    expect([holders(), queue()]).toEqual([["c"], []]);
    expect(tellings()).toEqual(["c granted"]);
  });

  test("[H6] a holder is asked from time to time, and loses the slot when it has ended without a word", () => {
    ask("a");
    ask("b");
    now += MINUTE;
    expect(tellings()).toEqual(["a granted"]);
    heard({ executionId: "a", effect: "x:1", answer: "granted" }, true);
    expect(table.nextWakeAt()).toBe(now + 2 * MINUTE);
    now += 2 * MINUTE;
    heard(table.tellings(now)[0], false);
    expect(holders()).toEqual(["b"]);
  });

  test("[H6] an answer that is out of date takes nothing from a later wish", () => {
    ask("a");
    now += MINUTE;
    const [old] = table.tellings(now);
    ask("a", { effect: "x:8" });
    heard(old, false);
    expect(holders()).toEqual(["a"]);
  });

  test("adopted ones hold at once, are asked, and go when they do not run", () => {
    ask("own");
    table.adopt(["own", "runs", "ended"], ADOPTED, now);
    expect(holders()).toEqual(["own", "runs", "ended"]);
    expect(tellings()).toEqual(["runs granted", "ended granted"]);
    heard({ executionId: "ended", effect: ADOPTED, answer: "granted" }, false);
    heard({ executionId: "runs", effect: ADOPTED, answer: "granted" }, true);
    expect(ask("more", { limit: TWO })).toMatchObject({ answer: "queued" });
    give("runs", { effect: ADOPTED, limit: TWO });
    expect(holders()).toEqual(["own", "more"]);
  });

  test("adoption comes in rounds, as lists may lag", () => {
    table.planAdoption(now);
    expect(table.nextWakeAt()).toBe(now);
    table.adopted(now, [10_000, 60_000]);
    expect(table.adoptAt).toBe(now + 10_000);
    table.adopted(now, [10_000, 60_000]);
    expect(table.adoptAt).toBe(now + 60_000);
    table.adopted(now, [10_000, 60_000]);
    expect(table.adoptAt).toBeUndefined();
  });

  test("all of it is in the rows", () => {
    const sql = nodeSql();
    const first = new SlotTable(sql);
    expect(first.isNew).toBe(true);
    first.acquire({ executionId: "a", effect: "x:1", force: false, ancestors: [] }, ONE, now);
    const second = new SlotTable(sql);
    expect(second.isNew).toBe(false);
    expect(second.view(ONE).holders).toHaveLength(1);
  });
});

describe("no wait for ever", () => {
  test("[H7] a child that needs the slot of its waiting parent is refused, with what to do", () => {
    ask("parent");
    const answer = ask("child", { ancestors: ["parent"] });
    expect(answer).toMatchObject({ answer: "refused", running: 1 });
    expect(answer.reason).toContain("concurrency.limit");
    expect(queue()).toEqual([]);
  });

  test("[H7] so is a grandchild below another flow", () => {
    ask("top");
    expect(ask("leaf", { ancestors: ["of another flow", "top"] }).answer).toBe("refused");
  });

  test("[H7] it queues while another holder can end, and is refused when that one waits too", () => {
    ask("p", { limit: TWO });
    ask("q", { limit: TWO });
    expect(ask("p1", { limit: TWO, ancestors: ["p"] })).toMatchObject({ answer: "queued" });
    expect(ask("q1", { limit: TWO, ancestors: ["q"] })).toMatchObject({ answer: "refused" });
    give("q", { limit: TWO });
    expect(holders()).toEqual(["p", "p1"]);
  });

  test("[H7] an unrelated arrival is not refused for the waits of others", () => {
    ask("p", { limit: TWO });
    ask("q", { limit: TWO });
    ask("p1", { limit: TWO, ancestors: ["p"] });
    expect(ask("z", { limit: TWO })).toMatchObject({ answer: "queued" });
  });

  test("[H7] a limit that falls may leave only holders that wait: the newest of those below them is told so", () => {
    ask("p", { limit: TWO });
    ask("q", { limit: TWO });
    ask("p1", { limit: TWO, ancestors: ["p"] });
    ask("p2", { limit: TWO, ancestors: ["p"] });
    ask("z", { limit: TWO });
    give("q", { limit: ONE });
    expect(holders()).toEqual(["p"]);
    expect(queue()).toEqual(["z"]);
    expect(tellings().sort()).toEqual(["p1 refused", "p2 refused"]);
    table.told({ executionId: "p1", effect: "x:1", answer: "refused" }, false, ONE, now);
    expect(ask("p2")).toMatchObject({ answer: "refused", reason: expect.any(String) });
  });

  test("[H7] who is below an execution that has ended keeps nobody waiting any more", () => {
    ask("top", { limit: TWO });
    ask("middle", { limit: TWO, ancestors: ["top"] });
    ask("q", { limit: { limit: 3, behavior: "QUEUE" } });
    expect(ask("leaf", { limit: TWO, ancestors: ["middle", "top"] })).toMatchObject({ answer: "queued" });
    // The middle is killed, its child is not: the top goes on, and its other child waits for `q`.
    give("middle", { limit: TWO });
    give("q", { limit: ONE });
    expect(queue()).toEqual(["leaf"]);
    expect(tellings()).toEqual([]);
  });
});
