import { beforeEach, describe, expect, test, vi } from "vitest";
import { parseFlow } from "#flow/parse-flow.ts";
import type { StartRequest } from "#schema/cell.ts";
import type { State } from "#schema/state.ts";
import type { Sql } from "#shell/sql.ts";
import { registry } from "#tasks/registry.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { FlowCore } from "./flow-core.ts";
import { FlowRoom, type FlowWorld, type Planned } from "./flow-room.ts";
import type { TriggerState } from "./flow-rpc.ts";
import type { SlotTelling } from "./slot-table.ts";

const KEY = { tenant: "main", namespace: "company.team", flowId: "hello" };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NEW_YEAR = Date.UTC(2026, 0, 1);

function source(trigger = "cron: '0 * * * *'", rest = ""): string {
  return `id: hello
namespace: company.team
tasks:
  - id: log
    type: io.kestra.plugin.core.log.Log
    message: hello
triggers:
  - id: every
    type: io.kestra.plugin.core.trigger.Schedule
    ${trigger.replaceAll("\n", "\n    ")}
${rest}`;
}

/** A room in a world that starts nothing, with a clock and an alarm that are moved by hand. */
class Stage {
  now = NEW_YEAR;
  alarm: number | undefined;
  readonly sql: Sql = nodeSql();
  readonly started = new Map<string, StartRequest>();
  readonly calls: string[] = [];
  readonly states = new Map<string, State>();
  projected: readonly TriggerState[] = [];
  planned: Planned | { error: string } = { inputs: {}, labels: [] };
  failStart = 0;
  failProject = 0;
  readonly tellings: SlotTelling[] = [];
  readonly gone = new Set<string>();
  running: string[] = [];
  failTell = 0;
  /** Runs at the end of each start, before it is confirmed. */
  whileStarting: (id: string) => Promise<void> = async () => {};
  room = this.open();

  /** A new process on the same database. */
  open(): FlowRoom {
    const core = new FlowCore(this.sql, (text) => parseFlow(text, registry));
    this.room = new FlowRoom(core, this.world(), {
      now: () => this.now,
      setAlarm: (at) => {
        this.alarm = at;
      },
    });
    return this.room;
  }

  private world(): FlowWorld {
    return {
      executionId: (key, triggerId, dueAt) => `${key.flowId}/${triggerId}/${new Date(dueAt).toISOString()}`,
      plan: async () => this.planned,
      start: async (request) => {
        this.calls.push(request.id);
        if (this.failStart-- > 0) throw new Error("the cell is away");
        this.started.set(request.id, request);
        await this.whileStarting(request.id);
      },
      stateOf: async (id) => this.states.get(id) ?? (this.started.has(id) ? "RUNNING" : undefined),
      tellSlot: async (telling) => {
        this.tellings.push(telling);
        if (this.failTell-- > 0) throw new Error("the cell is away");
        return !this.gone.has(telling.executionId);
      },
      running: async () => this.running,
      project: async (_key, _head, _flow, triggers) => {
        if (this.failProject-- > 0) throw new Error("the index is away");
        this.projected = triggers;
      },
    };
  }

  /** Moves the clock to `to`, ringing the alarm whenever it is due. */
  async advance(to: number): Promise<void> {
    for (let rings = 0; this.alarm !== undefined && this.alarm <= to; rings++) {
      if (rings > 1000) throw new Error("the alarm rings without end");
      this.now = Math.max(this.now, this.alarm);
      this.alarm = undefined;
      await this.room.wake();
    }
    this.now = Math.max(this.now, to);
  }

  /** The dates for which something was started, as hours since the new year. */
  dates(): number[] {
    return [...this.started.values()].map(
      ({ trigger }) => (Date.parse(String(trigger?.variables.date)) - NEW_YEAR) / HOUR,
    );
  }

  async endAll(state: State = "SUCCESS"): Promise<void> {
    for (const { lockedBy } of await this.room.triggers())
      if (lockedBy) await this.room.released("every", lockedBy, state);
  }
}

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
const save = (text: string) => stage.room.save(KEY, text, "upsert");
const state = async () => (await stage.room.triggers())[0];

test("a schedule with conditions starts nothing while nobody evaluates them, and starts once they are gone", async () => {
  await save(source("cron: '0 * * * *'\nconditions: [{type: io.kestra.plugin.core.condition.Weekend}]"));
  await stage.advance(NEW_YEAR + 3 * HOUR);
  expect([stage.dates(), await stage.room.triggers()]).toEqual([[], []]);
  await save(source());
  await stage.advance(NEW_YEAR + 4 * HOUR);
  expect(stage.dates()).toEqual([4]);
});

describe("revisions", () => {
  test("[W1] a source is kept byte for byte, and each change is the next revision", async () => {
    const odd = `${source()}# trailing \t\r\n`;
    expect(await save(odd)).toMatchObject({ kind: "saved", flow: { revision: 1, source: odd } });
    expect(await save(odd)).toMatchObject({ kind: "saved", flow: { revision: 1 } });
    expect(await save(source())).toMatchObject({ kind: "saved", flow: { revision: 2 } });
    expect(await stage.room.head(1)).toMatchObject({ kind: "found", flow: { source: odd } });
    expect(await stage.room.head(3)).toEqual({ kind: "absent" });
  });

  test("[W2] deleting keeps revisions, and a flow that comes back goes on counting", async () => {
    await save(source());
    expect(await stage.room.remove()).toBe(true);
    expect(await stage.room.remove()).toBe(false);
    expect(await stage.room.head()).toMatchObject({ kind: "deleted", last: { revision: 2, source: source() } });
    expect(await stage.room.save(KEY, source(), "update")).toEqual({ kind: "absent" });
    expect(await stage.room.save(KEY, source(), "create")).toMatchObject({ kind: "saved", flow: { revision: 3 } });
    expect(await stage.room.save(KEY, source(), "create")).toEqual({ kind: "exists" });
    expect((await stage.room.revisions()).map(({ deleted }) => deleted)).toEqual([false, true, false]);
  });

  test("[W3] only a source without errors, under its own names, is saved", async () => {
    expect(await save("id: hello")).toMatchObject({ kind: "invalid" });
    expect(await stage.room.save({ ...KEY, flowId: "other" }, source(), "create")).toMatchObject({ kind: "invalid" });
    expect(await stage.room.head()).toEqual({ kind: "absent" });
  });

  test("who knows the revision is not sent the source again", async () => {
    await save(source());
    expect(await stage.room.head(undefined, 1)).toMatchObject({ kind: "found", flow: { revision: 1, source: "" } });
    expect(await stage.room.head(undefined, 7)).toMatchObject({ kind: "found", flow: { source: source() } });
  });

  test("a new process knows what the old one knew", async () => {
    await save(source());
    stage.open();
    expect(await stage.room.head()).toMatchObject({ kind: "found", flow: { revision: 1 } });
  });

  test("[W4] lists that could not be told are told by the alarm", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    stage.failProject = 2;
    await save(source());
    expect(stage.projected).toEqual([]);
    await stage.advance(stage.now + 30_000);
    expect(stage.projected).toHaveLength(1);
    log.mockRestore();
  });
});

describe("schedules", () => {
  test("start at each date, with the dates of the schedule", async () => {
    await save(source("cron: '0 9 * * 1-5'\ntimezone: Europe/Paris"));
    await stage.advance(NEW_YEAR + 12 * HOUR);
    const [request] = stage.started.values();
    expect(request).toMatchObject({
      ...KEY,
      revision: 1,
      trigger: {
        id: "every",
        variables: {
          date: "2026-01-01T09:00:00+01:00",
          next: "2026-01-02T09:00:00+01:00",
          previous: "2025-12-31T09:00:00+01:00",
        },
      },
      variables: { schedule: { date: "2026-01-01T09:00:00+01:00" } },
    });
    expect(stage.started.size).toBe(1);
  });

  test("a check that fails the start is told to the execution; one that blocks it leaves its reason", async () => {
    stage.planned = { inputs: {}, labels: [], failure: "Not today" };
    await save(source());
    await stage.advance(NEW_YEAR + HOUR);
    expect([...stage.started.values()]).toMatchObject([{ failure: "Not today" }]);
    stage.planned = { error: "At most nine" };
    await stage.endAll("FAILED");
    await stage.advance(NEW_YEAR + 2 * HOUR);
    expect(stage.started.size).toBe(1);
    expect(await state()).toMatchObject({ lastError: "At most nine", lockedBy: null });
  });

  test("[T3] wait for the end of the execution, then make up for the dates that passed, one by one", async () => {
    await save(source());
    await stage.advance(NEW_YEAR + 3.5 * HOUR);
    expect(stage.dates()).toEqual([1]);
    await stage.endAll();
    expect(stage.dates()).toEqual([1, 2]);
    await stage.endAll();
    expect(stage.dates()).toEqual([1, 2, 3]);
    await stage.endAll();
    expect(stage.dates()).toEqual([1, 2, 3]);
    expect(await state()).toMatchObject({ lockedBy: null, nextAt: NEW_YEAR + 4 * HOUR });
  });

  test("[T3] the end of another execution changes nothing", async () => {
    await save(source());
    await stage.advance(NEW_YEAR + HOUR);
    await stage.room.released("every", "another", "SUCCESS");
    await stage.room.released("none", "another", "SUCCESS");
    expect((await state())?.lockedBy).not.toBeNull();
  });

  test.each([
    ["ALL", [1, 2, 3, 4]],
    ["LAST", [4]],
    ["NONE", []],
  ] as const)("[S2] dates missed while nothing ran: %s", async (recover, dates) => {
    await save(source(`cron: '0 * * * *'\nrecoverMissedSchedules: ${recover}`));
    stage.now = NEW_YEAR + 4.5 * HOUR;
    stage.open();
    for (let i = 0; i < 6; i++) {
      await stage.advance(stage.now);
      await stage.endAll();
    }
    expect(stage.dates()).toEqual(dates);
    await stage.advance(NEW_YEAR + 5 * HOUR);
    expect(stage.dates()).toEqual([...dates, 5]);
  });

  test("[S2] with LAST, dates that passed while an execution ran are made up for all the same", async () => {
    await save(source("cron: '0 * * * *'\nrecoverMissedSchedules: LAST"));
    await stage.advance(NEW_YEAR + 3.5 * HOUR);
    await stage.endAll();
    expect(stage.dates()).toEqual([1, 2]);
  });

  test("[S3] a date later than lateMaximumDelay is skipped", async () => {
    await save(source("cron: '*/10 * * * *'\nlateMaximumDelay: PT15M"));
    stage.now = NEW_YEAR + HOUR + 5 * MINUTE;
    await stage.advance(stage.now);
    expect(stage.dates()).toEqual([50 / 60]);
    await stage.endAll();
    expect(stage.dates()).toEqual([50 / 60, 1]);
  });

  test("[R1] a start that fails is tried again until it is confirmed, under the same id", async () => {
    await save(source());
    stage.failStart = 3;
    await stage.advance(NEW_YEAR + HOUR);
    expect(stage.started.size).toBe(0);
    expect(await state()).toMatchObject({ lastError: "the cell is away" });
    await stage.advance(NEW_YEAR + HOUR + 5 * MINUTE);
    expect(stage.started.size).toBe(1);
    expect(new Set(stage.calls).size).toBe(1);
    expect(await state()).toMatchObject({ lastError: null });
  });

  test("[R1] a process that dies between claim and start loses nothing and starts once", async () => {
    await save(source());
    stage.now = NEW_YEAR + HOUR;
    stage.whileStarting = () => new Promise(() => {});
    void stage.room.wake();
    await Promise.resolve();
    stage.whileStarting = async () => {};
    stage.open();
    await stage.room.sweep();
    expect(stage.dates()).toEqual([1]);
    expect(new Set(stage.calls).size).toBe(1);
    await stage.endAll();
    await stage.room.sweep();
    expect(stage.dates()).toEqual([1]);
  });

  test("an execution that ends while its start is under way lets the trigger go", async () => {
    await save(source());
    stage.whileStarting = (id) => stage.room.released("every", id, "SUCCESS");
    await stage.advance(NEW_YEAR + 2 * HOUR);
    expect(stage.dates()).toEqual([1, 2]);
    expect(await state()).toMatchObject({ lockedBy: null });
  });

  test("[T4] a trigger whose execution ended without a word, or is gone, is let go by itself", async () => {
    await save(source());
    await stage.advance(NEW_YEAR + HOUR);
    const id = (await state())?.lockedBy ?? "";
    stage.states.set(id, "FAILED");
    await stage.advance(NEW_YEAR + HOUR + 2 * MINUTE);
    expect((await state())?.lockedBy).toBeNull();
    await stage.advance(NEW_YEAR + 2 * HOUR);
    stage.started.clear();
    await stage.advance(NEW_YEAR + 2 * HOUR + 2 * MINUTE);
    expect((await state())?.lockedBy).toBeNull();
  });

  test("[T4] a trigger whose execution is tried again as another waits for the last of them", async () => {
    await save(source());
    await stage.advance(NEW_YEAR + HOUR);
    const id = (await state())?.lockedBy ?? "";
    stage.states.set(id, "RETRIED");
    await stage.advance(NEW_YEAR + HOUR + 30 * MINUTE);
    expect((await state())?.lockedBy).toBe(id);
    await stage.room.released("every", id, "SUCCESS");
    expect((await state())?.lockedBy).toBeNull();
  });

  test("stopAfter disables the trigger for good, also over a change of it", async () => {
    await save(source("cron: '0 * * * *'\nstopAfter: [FAILED]"));
    await stage.advance(NEW_YEAR + HOUR);
    await stage.endAll("FAILED");
    expect(await state()).toMatchObject({ disabled: true, lockedBy: null });
    await save(source("cron: '30 * * * *'\nstopAfter: [FAILED]"));
    await stage.advance(NEW_YEAR + 5 * HOUR);
    expect(stage.dates()).toEqual([1]);
    expect(stage.alarm).toBeUndefined();
  });

  test("inputs that cannot be made are told, and the next date is tried", async () => {
    await save(source());
    stage.planned = { error: "Missing input 'x'" };
    await stage.advance(NEW_YEAR + HOUR);
    expect(await state()).toMatchObject({
      lastError: "Missing input 'x'",
      lockedBy: null,
      nextAt: NEW_YEAR + 2 * HOUR,
    });
    stage.planned = { inputs: { x: 1 }, labels: [{ key: "a", value: "b" }] };
    await stage.advance(NEW_YEAR + 2 * HOUR);
    expect([...stage.started.values()]).toMatchObject([{ inputs: { x: 1 }, labels: [{ key: "a", value: "b" }] }]);
  });

  test("[T1] a changed trigger starts from now, an unchanged one goes on, one that is gone is forgotten", async () => {
    await save(source("cron: '0 * * * *'"));
    stage.now = NEW_YEAR + 30 * MINUTE;
    await save(source("cron: '0 * * * *'", "description: other"));
    expect(await state()).toMatchObject({ nextAt: NEW_YEAR + HOUR });
    await save(source("cron: '45 * * * *'"));
    expect(await state()).toMatchObject({ nextAt: NEW_YEAR + 45 * MINUTE });
    await save(source().replace(/triggers:[\s\S]*/, ""));
    expect(await stage.room.triggers()).toEqual([]);
    expect(stage.alarm).toBeUndefined();
  });

  test("[T1] nothing starts while flow or trigger are disabled, and nothing is made up for afterwards", async () => {
    await save(source("cron: '0 * * * *'", "disabled: true"));
    await stage.advance(NEW_YEAR + 3.5 * HOUR);
    await save(source("cron: '0 * * * *'\ndisabled: true"));
    await stage.advance(NEW_YEAR + 5.5 * HOUR);
    await save(source());
    await stage.advance(NEW_YEAR + 6 * HOUR);
    expect(stage.dates()).toEqual([6]);
  });

  test("a trigger that is switched off starts nothing, whatever its flow becomes, until it is switched on", async () => {
    await save(source());
    expect(await stage.room.toggleTrigger("every", false)).toBe("done");
    expect(stage.projected).toMatchObject([{ triggerId: "every", disabled: true }]);
    await stage.advance(NEW_YEAR + 1.5 * HOUR);
    await save(source("cron: '0 * * * *'", "description: other"));
    await stage.advance(NEW_YEAR + 3.5 * HOUR);
    expect(await stage.room.toggleTrigger("every", true)).toBe("done");
    await stage.advance(NEW_YEAR + 4 * HOUR);
    expect(stage.dates()).toEqual([4]);
  });

  test("a trigger that its flow disables stays off when it is switched on, and one that is not there is told", async () => {
    expect(await stage.room.toggleTrigger("every", false)).toBe("no flow");
    await save(source("cron: '0 * * * *'\ndisabled: true"));
    await stage.room.toggleTrigger("every", false);
    expect(await stage.room.toggleTrigger("every", true)).toBe("done");
    await stage.advance(NEW_YEAR + 2 * HOUR);
    expect(stage.dates()).toEqual([]);
    expect(await stage.room.toggleTrigger("other", true)).toBe("no trigger");
  });

  test("a deleted flow starts nothing, and one that came back starts from then", async () => {
    await save(source());
    await stage.room.remove();
    await stage.advance(NEW_YEAR + 3.5 * HOUR);
    await save(source());
    await stage.advance(NEW_YEAR + 4 * HOUR);
    expect(stage.dates()).toEqual([4]);
  });

  test("a clock that goes back starts no date twice", async () => {
    await save(source());
    await stage.advance(NEW_YEAR + HOUR);
    await stage.endAll();
    stage.now = NEW_YEAR + 30 * MINUTE;
    await stage.room.sweep();
    await stage.advance(NEW_YEAR + HOUR + MINUTE);
    expect(stage.dates()).toEqual([1]);
  });

  test("lists see the states", async () => {
    await save(source());
    await stage.advance(NEW_YEAR + HOUR);
    expect(stage.projected).toMatchObject([
      { triggerId: "every", lockedAt: NEW_YEAR + HOUR, nextAt: NEW_YEAR + 2 * HOUR },
    ]);
    await stage.endAll();
    expect(stage.projected).toMatchObject([{ lockedBy: null }]);
  });
});
