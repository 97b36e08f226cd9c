import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import type { ExecutionEvent } from "#schema/event.ts";
import type { LogLine } from "#schema/log.ts";
import { MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { CellStore, type Commit } from "./store.ts";

const event = (at: number): ExecutionEvent => ({ kind: "pause-requested", at });
const big = (at: number, characters: number): ExecutionEvent => ({
  kind: "task-lost",
  at,
  effect: "0:1",
  reason: "x".repeat(characters),
});
const line = (at: number, message = "m"): LogLine => ({ at, level: "INFO", message });

function open(database = new DatabaseSync(":memory:")): { store: CellStore; database: DatabaseSync } {
  return { store: new CellStore(nodeSql(database)), database };
}

type Given = Partial<Commit> & { events?: readonly ExecutionEvent[]; lines?: readonly LogLine[] };

function commit(store: CellStore, head: number, lineCount: number, given: Given = {}): void {
  store.commit({ id: "a", events: [], lines: [], due: undefined, boot: undefined, ...given, head, lineCount });
}

const SOURCE = { name: "main/test/flow/1", revision: 1, body: "id: flow" };
const times = (events: readonly { at: number }[]) => events.map(({ at }) => at);

describe("the rows of an execution", () => {
  test("are found again as they were committed, by another store on the same database", () => {
    const { store, database } = open();
    expect(store.load("a")).toBeUndefined();
    commit(store, 2, 1, { source: SOURCE, events: [event(1), event(2)], lines: [line(1)] });
    commit(store, 3, 1, { events: [event(3)] });
    const stored = open(database).store.load("a");
    expect(stored).toMatchObject({
      head: 3,
      lines: 1,
      projected: 0,
      source: "id: flow",
      revision: 1,
      snapshot: undefined,
    });
    expect(times(stored?.events ?? [])).toEqual([1, 2, 3]);
  });

  test("[T1] have no gap and nothing twice, from wherever they are read", () => {
    const { store } = open();
    commit(store, 3, 2, { source: SOURCE, events: [event(1), event(2), event(3)], lines: [line(1), line(2)] });
    commit(store, 4, 5, { events: [event(4)], lines: [line(3), line(4), line(5)] });
    commit(store, 7, 5, { events: [event(5), event(6), event(7)] });
    for (let after = 0; after <= 8; after++) {
      expect(times(store.events("a", after))).toEqual([1, 2, 3, 4, 5, 6, 7].filter((at) => at > after));
      expect(times(store.lines("a", after))).toEqual([1, 2, 3, 4, 5].filter((at) => at > after));
    }
  });

  test("[T1] are all there or none of them when the database fails in the middle", () => {
    const { store, database } = open();
    commit(store, 1, 0, { source: SOURCE, events: [event(1)] });
    database.exec(
      "CREATE TRIGGER full BEFORE INSERT ON journal WHEN new.kind = 1 BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    expect(() => commit(store, 2, 1, { events: [event(2)], lines: [line(1)] })).toThrow("disk full");
    database.exec("DROP TRIGGER full");
    expect(store.load("a")).toMatchObject({ head: 1, lines: 0 });
    commit(store, 2, 1, { events: [event(2)], lines: [line(1)] });
    expect(times(store.events("a", 0))).toEqual([1, 2]);
  });

  test("survive a failed first commit: the source it would have written is not taken for written", () => {
    const { store, database } = open();
    database.exec("CREATE TRIGGER full BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    expect(() => commit(store, 1, 0, { source: SOURCE, events: [event(1)] })).toThrow("disk full");
    database.exec("DROP TRIGGER full");
    commit(store, 1, 0, { source: SOURCE, events: [event(1)] });
    expect(store.load("a")?.source).toBe("id: flow");
  });

  test("share the source of their flow revision", () => {
    const { store, database } = open();
    for (const id of ["a", "b", "c"]) commit(store, 1, 0, { id, source: SOURCE, events: [event(1)] });
    expect(database.prepare("SELECT count(*) AS n FROM source").get()?.n).toBe(1);
  });

  test("[I22] are split when they are too much for one, and are one list to the reader", () => {
    const { store, database } = open();
    const events = Array.from({ length: 9 }, (_, index) => big(index + 1, MAX_VALUE_CHARACTERS / 3));
    commit(store, 9, 0, { source: SOURCE, events });
    const rows = database.prepare("SELECT first, length(body) AS size FROM journal ORDER BY first").all();
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(Number(row.size)).toBeLessThan(1_000_000);
    for (const after of [0, 1, 4, 8, 9]) expect(times(store.events("a", after))).toEqual(times(events.slice(after)));
  });

  test("begin after the snapshot when there is one; the whole log stays readable", () => {
    const { store } = open();
    commit(store, 2, 0, { source: SOURCE, events: [event(1), event(2)], snapshot: { seq: 2, body: "two" } });
    commit(store, 3, 0, { events: [event(3)] });
    const stored = store.load("a");
    expect([stored?.snapshot, times(stored?.events ?? []), times(stored?.log() ?? [])]).toEqual([
      { seq: 2, body: "two" },
      [3],
      [1, 2, 3],
    ]);
  });

  test("[T2] hold a snapshot that is more than a row may be, and nothing of an older one", () => {
    const { store } = open();
    const long = `${"x".repeat(600_000)}${"y".repeat(500_000)}`;
    commit(store, 1, 0, { source: SOURCE, events: [event(1)], snapshot: { seq: 1, body: long } });
    expect(store.load("a")?.snapshot?.body === long).toBe(true);
    commit(store, 2, 0, { events: [event(2)], snapshot: { seq: 2, body: "short" } });
    expect(store.load("a")?.snapshot).toEqual({ seq: 2, body: "short" });
    store.remove("a", 1, "{}");
    expect(store.load("a")).toBeUndefined();
  });

  test("[T3] are gone after a remove, but for the id", () => {
    const { store, database } = open();
    commit(store, 2, 1, {
      source: SOURCE,
      events: [event(1), event(2)],
      lines: [line(1)],
      snapshot: { seq: 2, body: "s" },
    });
    commit(store, 1, 0, { id: "b", source: SOURCE, events: [event(1)] });
    store.remove("a", 5, "told");
    expect([store.load("a"), store.events("a", 0), store.lines("a", 0)]).toEqual([undefined, [], []]);
    expect([store.isRemoved("a"), store.isRemoved("b"), store.untold()]).toEqual([true, false, ["told"]]);
    expect(store.load("b")?.head).toBe(1);
    store.told("a");
    expect(new CellStore(nodeSql(database)).isRemoved("a")).toBe(true);
    expect(store.untold()).toEqual([]);
  });

  test("are read a page at a time", () => {
    const { store } = open();
    commit(store, 3, 0, { source: SOURCE, events: [event(1), event(2), event(3)] });
    commit(store, 5, 0, { events: [event(4), event(5)] });
    expect(times(store.events("a", 1, 3))).toEqual([2, 3, 4]);
    expect(times(store.events("a", 4, 3))).toEqual([5]);
    expect(times(store.events("a", 5, 3))).toEqual([]);
  });

  test("[U1] carry a version; those of before there was one are read, those of a newer program are refused", () => {
    const { store, database } = open();
    commit(store, 1, 0, { source: SOURCE, events: [event(1)] });
    const [row] = database.prepare("SELECT body FROM journal").all();
    expect(JSON.parse(String(row?.body))).toMatchObject({ version: 1, items: [{ at: 1 }] });
    database.prepare("UPDATE journal SET body = ?").run(JSON.stringify([event(7)]));
    expect(times(store.events("a", 0))).toEqual([7]);
    database.prepare("UPDATE journal SET body = ?").run(JSON.stringify({ version: 99, items: [event(7)] }));
    expect(() => store.events("a", 0)).toThrow(/version 99/);
  });

  test("[I22] that are no events any more are refused with what is wrong, not taken for some", () => {
    const { store, database } = open();
    commit(store, 1, 0, { source: SOURCE, events: [event(1)] });
    database.prepare("UPDATE journal SET body = ?").run('[{"kind":"no-such-event","at":1}]');
    expect(() => store.load("a")).toThrow();
  });
});

describe("what wants to be looked at again", () => {
  const due = (store: CellStore) =>
    store
      .open()
      .map(({ id, due: at, boot, isProjected }) => [id, at, boot, isProjected])
      .toSorted();

  test("is told by `open` with its time, and its start of the process", () => {
    const { store, database } = open();
    commit(store, 1, 0, { source: SOURCE, events: [event(1)], due: 500, boot: "b1" });
    commit(store, 1, 0, { id: "b", source: SOURCE, events: [event(1)] });
    expect(due(open(database).store)).toEqual([
      ["a", 500, "b1", false],
      ["b", undefined, undefined, false],
    ]);
  });

  test("is the projection until it has confirmed the newest state, not an older one", () => {
    const { store } = open();
    commit(store, 4, 0, { source: SOURCE, events: [event(1), event(2), event(3), event(4)] });
    store.confirm("a", 3);
    store.flush();
    expect(due(store)).toEqual([["a", undefined, undefined, false]]);
    store.confirm("a", 4);
    expect(store.load("a")?.projected).toBe(4);
    expect(due(store)).toEqual([["a", undefined, undefined, false]]);
    store.flush();
    expect(due(store)).toEqual([]);
  });

  test("[J1] forgets no confirmation because an older one comes after it", () => {
    const { store } = open();
    commit(store, 4, 0, { source: SOURCE, events: [event(1), event(2), event(3), event(4)] });
    store.confirm("a", 4);
    store.confirm("a", 2);
    store.flush();
    expect([store.load("a")?.projected, due(store)]).toEqual([4, []]);
  });

  test("keeps its time when its projection has confirmed", () => {
    const { store } = open();
    commit(store, 1, 0, { source: SOURCE, events: [event(1)], due: 700 });
    store.confirm("a", 1);
    store.flush();
    expect(due(store)).toEqual([["a", 700, undefined, true]]);
  });

  test("is not the projection any more when a last timer goes by after it has confirmed", () => {
    const { store } = open();
    commit(store, 1, 0, { source: SOURCE, events: [event(1)], due: 700 });
    store.confirm("a", 1);
    store.flush();
    commit(store, 1, 0, { due: -1 });
    expect(due(store)).toEqual([]);
  });

  test("has its confirmation written with the next commit of any execution", () => {
    const { store, database } = open();
    commit(store, 1, 0, { source: SOURCE, events: [event(1)] });
    store.confirm("a", 1);
    commit(store, 1, 0, { id: "b", source: SOURCE, events: [event(1)], due: 5 });
    expect(due(open(database).store).map(([id]) => id)).toEqual(["b"]);
  });
});
