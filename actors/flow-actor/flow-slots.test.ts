import { beforeEach, describe, expect, test, vi } from "vitest";
import { parseFlow } from "#flow/parse-flow.ts";
import { ADOPTED } from "#schema/slot.ts";
import type { Sql } from "#shell/sql.ts";
import { registry } from "#tasks/registry.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { FlowCore } from "./flow-core.ts";
import { FlowRoom } from "./flow-room.ts";
import type { SlotTelling } from "./slot-table.ts";

const KEY = { tenant: "main", namespace: "company.team", flowId: "narrow" };

function source(concurrency?: string, message = "hello"): string {
  const limit = concurrency === undefined ? "" : `concurrency:\n  ${concurrency.replaceAll("\n", "\n  ")}\n`;
  return `id: narrow\nnamespace: company.team\n${limit}tasks:\n  - id: log\n    type: io.kestra.plugin.core.log.Log\n    message: ${message}\n`;
}

/** A room whose executions say, by name, whether they hold what they are told. */
class Stage {
  now = 1_000_000;
  alarm: number | undefined;
  readonly sql: Sql = nodeSql();
  readonly told: string[] = [];
  readonly gone = new Set<string>();
  running: string[] = [];
  awayFor = 0;
  room = this.open();

  open(): FlowRoom {
    const core = new FlowCore(this.sql, (text) => parseFlow(text, registry));
    this.room = new FlowRoom(
      core,
      {
        executionId: () => "",
        plan: async () => ({ inputs: {}, labels: [] }),
        start: async () => {},
        stateOf: async () => undefined,
        tellSlot: (telling) => this.tell(telling),
        running: async () => this.running,
        project: async () => {},
      },
      {
        now: () => this.now,
        setAlarm: (at) => {
          this.alarm = at;
        },
      },
    );
    return this.room;
  }

  private async tell({ executionId, effect, answer }: SlotTelling): Promise<boolean> {
    if (this.awayFor-- > 0) throw new Error("the cell is away");
    this.told.push(`${executionId} ${effect} ${answer}`);
    return !this.gone.has(executionId);
  }

  ask(executionId: string, ancestors: string[] = [], effect = "x:1") {
    return this.room.acquireSlot({ executionId, effect, force: false, ancestors });
  }

  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    for (let rings = 0; this.alarm !== undefined && this.alarm <= until; rings++) {
      if (rings > 1_000) throw new Error("the alarm rings without end");
      this.now = Math.max(this.now, this.alarm);
      this.alarm = undefined;
      await this.room.wake();
    }
    this.now = until;
  }
}

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});
const save = (text: string) => stage.room.save(KEY, text, "upsert");
const holders = async () => (await stage.room.concurrency()).holders.map(({ executionId }) => executionId);
const queue = async () => (await stage.room.concurrency()).queue.map(({ executionId }) => executionId);

describe("slots of a flow", () => {
  test("[R4] a slot that is freed is told to the next without waiting for the alarm", async () => {
    await save(source("limit: 1"));
    expect(await stage.ask("a")).toMatchObject({ answer: "granted" });
    expect(await stage.ask("b")).toMatchObject({ answer: "queued", running: 1 });
    await stage.room.releaseSlot("a", "x:1");
    await vi.waitFor(() => expect(stage.told).toEqual(["b x:1 granted"]));
    expect(await holders()).toEqual(["b"]);
  });

  test("[H5, R2] a grant that nobody heard is told by the alarm, also after a restart of the process", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    await save(source("limit: 1"));
    await stage.ask("a");
    await stage.ask("b");
    stage.awayFor = 2;
    await stage.room.releaseSlot("a", "x:1");
    await vi.waitFor(() => expect(stage.awayFor).toBe(1));
    stage.open();
    await stage.advance(1_000);
    expect(stage.told).toEqual([]);
    await stage.advance(10_000);
    expect(stage.told).toEqual(["b x:1 granted"]);
    log.mockRestore();
  });

  test("[H6] owners that are gone lose their slots to those who wait", async () => {
    await save(source("limit: 1"));
    for (const id of ["a", "b", "c"]) await stage.ask(id);
    stage.gone.add("a").add("b");
    await stage.advance(70_000);
    expect(await holders()).toEqual(["c"]);
  });

  test("[H4] saving another limit moves the queue at once, and none lets everybody go", async () => {
    await save(source("limit: 1"));
    for (const id of ["a", "b", "c", "d"]) await stage.ask(id);
    await save(source("limit: 2"));
    expect(await holders()).toEqual(["a", "b"]);
    await save(source());
    expect([await holders(), await queue()]).toEqual([["a", "b", "c", "d"], []]);
    await vi.waitFor(() => expect(stage.told).toEqual(["b x:1 granted", "c x:1 granted", "d x:1 granted"]));
  });

  test("[W5] deleting the flow leaves the limit in force: who is queued runs in its turn", async () => {
    await save(source("limit: 1"));
    for (const id of ["a", "b", "c"]) await stage.ask(id);
    await stage.room.remove();
    expect([await holders(), await queue()]).toEqual([["a"], ["b", "c"]]);
    await stage.room.releaseSlot("a", "x:1");
    expect([await holders(), await queue()]).toEqual([["b"], ["c"]]);
  });

  test("[H4] the behaviour is that of the newest revision", async () => {
    await save(source("limit: 1\nbehavior: QUEUE"));
    await stage.ask("a");
    await save(source("limit: 1\nbehavior: CANCEL"));
    expect(await stage.ask("b")).toMatchObject({ answer: "refused", behavior: "CANCEL" });
  });

  test("an older revision says that the newest one limits it", async () => {
    await save(source());
    await save(source("limit: 1"));
    expect(await stage.room.head(1)).toMatchObject({ kind: "found", flow: { revision: 1, limited: true } });
    await save(source());
    const head = await stage.room.head(1);
    expect(head.kind === "found" && head.flow.limited).toBeFalsy();
  });

  test("a limit that comes while executions run is told to them: they hold from then on", async () => {
    await save(source());
    stage.running = ["old", "ended"];
    stage.gone.add("ended");
    await save(source("limit: 1"));
    await stage.advance(1);
    expect(stage.told).toEqual([`old ${ADOPTED} granted`, `ended ${ADOPTED} granted`]);
    expect(await holders()).toEqual(["old"]);
    expect(await stage.ask("next")).toMatchObject({ answer: "queued" });
    stage.running = ["old", "late"];
    await stage.advance(11_000);
    expect(await holders()).toEqual(["old", "late"]);
    stage.running = [];
    await stage.advance(200_000);
    expect(await holders()).toEqual(["old", "late"]);
  });

  test("a database from before limits were kept adopts what runs, once it is asked", async () => {
    await save(source("limit: 1"));
    stage.sql.exec("DROP TABLE slot_book");
    stage.running = ["old"];
    stage.open();
    await stage.ask("a");
    await stage.advance(1);
    expect(await holders()).toEqual(["a", "old"]);
  });

  test("[R3] lists that are away put the adoption off", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    await save(source());
    const room = stage.room as unknown as { world: { running: () => Promise<string[]> } };
    let calls = 0;
    room.world.running = async () => {
      calls += 1;
      if (calls === 1) throw new Error("the lists are away");
      return ["old"];
    };
    await save(source("limit: 1"));
    await stage.advance(1);
    expect(await holders()).toEqual([]);
    await stage.advance(10_000);
    expect(await holders()).toEqual(["old"]);
    log.mockRestore();
  });

  test("without a limit, and without a flow, everybody is granted", async () => {
    expect(await stage.ask("a")).toMatchObject({ answer: "granted" });
    expect((await stage.room.concurrency()).limit).toBeUndefined();
  });
});
