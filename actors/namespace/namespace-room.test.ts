import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { keyValueContract } from "#test/contract/key-values.ts";
import { spacesContract } from "#test/contract/spaces.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { NamespaceRoom } from "./namespace-room.ts";

function roomOn(database = new DatabaseSync(":memory:"), clock = { now: 1_700_000_000_000 }) {
  const alarms: number[] = [];
  const room = new NamespaceRoom(nodeSql(database), { now: () => clock.now, setAlarm: (at) => void alarms.push(at) });
  return { room, clock, alarms, database };
}

describe("the pairs of a namespace on Node's SQLite, without any alarm", () => {
  keyValueContract(() => {
    const { room, clock } = roomOn();
    return {
      values: room,
      now: () => clock.now,
      pass(ms) {
        clock.now += ms;
      },
    };
  });
});

describe("the pairs of a namespace whose alarm rings on time", () => {
  keyValueContract(() => {
    const { room, clock, alarms } = roomOn();
    return {
      values: room,
      now: () => clock.now,
      pass(ms) {
        const until = clock.now + ms;
        for (let at = alarms.at(-1); at !== undefined && at <= until && at > clock.now; at = alarms.at(-1)) {
          clock.now = at;
          room.alarm();
        }
        clock.now = until;
      },
    };
  });

  test("[K3][K4] a value is out of storage when its time is over, and its row a day later", async () => {
    const { room, clock, alarms, database } = roomOn();
    const rows = () => [
      ...database.prepare("SELECT key, value FROM kv").all(),
      ...database.prepare("SELECT value FROM kv_version").all(),
    ];
    await room.setValue("k", { type: "STRING", value: "first" }, { overwrite: true });
    await room.setValue("k", { type: "STRING", value: "second" }, { overwrite: true, ttlMs: 1_000 });
    await room.setValue("late", { type: "STRING", value: "x" }, { overwrite: true, ttlMs: 5_000 });
    expect(alarms).toEqual([clock.now + 1_000]);
    clock.now += 1_000;
    room.alarm();
    expect(rows()).toEqual([
      { key: "k", value: "" },
      { key: "late", value: '"x"' },
    ]);
    expect(alarms.at(-1)).toBe(clock.now + 4_000);
    clock.now += 4_000;
    room.alarm();
    expect(alarms.at(-1)).toBe(clock.now - 4_000 + 86_400_000);
    clock.now += 86_400_001;
    room.alarm();
    expect(rows()).toEqual([]);
  });

  test("[K4] a later life sets the alarm for what an earlier one has left", async () => {
    const first = roomOn();
    await first.room.setValue("k", { type: "STRING", value: "a" }, { overwrite: true, ttlMs: 60_000 });
    const second = roomOn(first.database, first.clock);
    await second.room.setValue("soon", { type: "STRING", value: "b" }, { overwrite: true, ttlMs: 90_000 });
    expect(second.alarms).toEqual([first.clock.now + 60_000]);
  });
});

describe("namespaces and secrets of a tenant", () => {
  spacesContract(() => roomOn().room);
});

test("a database of before there were versions is read, and its values are version 1", async () => {
  const database = new DatabaseSync(":memory:");
  database.exec(
    `CREATE TABLE kv (key TEXT PRIMARY KEY, type TEXT NOT NULL, value TEXT NOT NULL, description TEXT,
      created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER) WITHOUT ROWID;
     INSERT INTO kv VALUES ('old', 'NUMBER', '7', NULL, 1, 2, NULL)`,
  );
  const { room } = roomOn(database);
  expect(await room.getValue("old")).toEqual({ kind: "found", type: "NUMBER", value: 7, version: 1, updatedAt: 2 });
  await room.setValue("old", { type: "NUMBER", value: 8 }, { overwrite: true });
  expect((await room.valueHistory("old")).map(({ version, value }) => [version, value])).toEqual([
    [2, 8],
    [1, 7],
  ]);
});
