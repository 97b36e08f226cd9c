import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Effect } from "#schema/effect.ts";
import type { Expansion } from "#schema/event.ts";
import type { Task } from "#schema/flow.ts";
import { isTerminal, type State } from "#schema/state.ts";
import { ItemRecords } from "./item-records.ts";
import { unansweredItems } from "./items.ts";
import { freeze, thaw } from "./snapshot.ts";
import { KILL_GRACE_MS } from "./stop.ts";
import { CONSTANT_RETRY, Driver, flowOf, SEQUENCE, task } from "./testing.ts";

type ItemsExpansion = Extract<Expansion, { kind: "items" }>;
type StartItem = Extract<Effect, { kind: "start-item" }>;

const ITEMS: ItemsExpansion = { kind: "items", total: 3, wait: true, transmitFailed: true };

/** A flow whose task `items` has these batches. */
function begin(change: Partial<ItemsExpansion> = {}, more: Partial<Task> = {}): Driver {
  const driver = new Driver(flowOf([task("items", more), task("after")])).create();
  return driver.expand("items", { ...ITEMS, ...change });
}

function starts(driver: Driver): StartItem[] {
  return driver.asked.filter((effect): effect is StartItem => effect.kind === "start-item");
}

/** The newest start of the batch. */
function startOf(driver: Driver, batch: number): string {
  const found = starts(driver).findLast(({ index }) => index === batch);
  if (found === undefined) throw new Error(`Batch ${batch} was not asked for`);
  return found.id;
}

function started(driver: Driver, batch: number, executionId = `e${batch}`): void {
  driver.apply({ kind: "subflow-started", at: driver.now, effect: startOf(driver, batch), executionId });
}

function ended(driver: Driver, batch: number, state: State = "SUCCESS"): void {
  const effect = startOf(driver, batch);
  driver.apply({ kind: "subflow-finished", at: driver.now, effect, executionId: `e${batch}`, state });
}

function refused(driver: Driver, batch: number): void {
  driver.apply({ kind: "item-refused", at: driver.now, effect: startOf(driver, batch), message: "no such flow" });
}

function iterations(driver: Driver): unknown {
  return driver.run("items").outputs?.iterations;
}

function kills(driver: Driver): string[] {
  return driver.asked.flatMap((effect) =>
    effect.kind === "kill-execution"
      ? [effect.executionId]
      : effect.kind === "kill-executions"
        ? effect.executionIds
        : [],
  );
}

describe("batches are started and counted", () => {
  test("[B1] all end: the task succeeds and the next one starts", () => {
    const driver = begin();
    expect(starts(driver).map(({ index }) => index)).toEqual([0, 1, 2]);
    started(driver, 0);
    expect(driver.run("items").outputs).toEqual({ numberOfBatches: 3, iterations: { CREATED: 2, RUNNING: 1 } });
    ended(driver, 0);
    started(driver, 1);
    ended(driver, 1);
    ended(driver, 2);
    expect(driver.run("items")).toMatchObject({
      state: "SUCCESS",
      outputs: { numberOfBatches: 3, iterations: { SUCCESS: 3 } },
    });
    expect(driver.has("after")).toBe(true);
  });

  test("[B1] at most 20 are unanswered; an answer makes room for the next", () => {
    const driver = begin({ total: 120 });
    expect(starts(driver)).toHaveLength(20);
    started(driver, 7);
    expect(starts(driver)).toHaveLength(21);
    ended(driver, 7);
    expect(starts(driver)).toHaveLength(21);
    refused(driver, 3);
    expect(starts(driver).map(({ index }) => index)).toEqual(Array.from({ length: 22 }, (_, index) => index));
  });

  test("[B2][E3] effect ids of a round are consecutive and never come again", () => {
    const driver = begin({ total: 60 });
    const first = Number(startOf(driver, 0).split(":")[1]);
    expect(startOf(driver, 19)).toBe(`0:${first + 19}`);
    driver.kill();
    driver.advance(KILL_GRACE_MS);
    driver.restart().expand("items", { ...ITEMS, total: 60 });
    const ids = driver.asked.flatMap((effect) => ("id" in effect ? [effect.id] : []));
    expect(new Set(ids).size).toBe(ids.length);
    expect(Number(startOf(driver, 0).split(":")[1])).toBeGreaterThan(first + 59);
  });

  test("[B3][E2] news that comes twice or late changes nothing", () => {
    const driver = begin();
    ended(driver, 1, "FAILED");
    expect(driver.changes(() => started(driver, 1))).toBe(false);
    expect(driver.changes(() => ended(driver, 1, "SUCCESS"))).toBe(false);
    expect(driver.changes(() => refused(driver, 1))).toBe(false);
    const strange = { kind: "item-refused", at: driver.now, message: "" } as const;
    for (const effect of ["0:1", "0:9999", "0:x", "1:2"])
      expect(driver.changes(() => driver.apply({ ...strange, effect }))).toBe(false);
  });

  test("no batch: SUCCESS at once", () => {
    const driver = begin({ total: 0 });
    expect(driver.run("items")).toMatchObject({ state: "SUCCESS", outputs: { numberOfBatches: 0, iterations: {} } });
    expect(driver.has("after")).toBe(true);
  });

  test("wait: false succeeds when all are created", () => {
    const driver = begin({ wait: false });
    started(driver, 0);
    started(driver, 1);
    expect(driver.run("items").state).toBe("RUNNING");
    started(driver, 2);
    expect(driver.run("items")).toMatchObject({ state: "SUCCESS", outputs: { iterations: { RUNNING: 3 } } });
  });

  test("more batches than there may be fail with what to do", () => {
    const driver = begin({ total: 1_000_001 });
    expect(driver.run("items").error).toContain("put more items into a batch");
  });
});

describe("how it ends", () => {
  const cases: [string, State[], Partial<ItemsExpansion>, Partial<Task>, State][] = [
    ["any FAILED", ["SUCCESS", "KILLED", "FAILED"], {}, {}, "FAILED"],
    ["allowFailure", ["FAILED", "SUCCESS", "SUCCESS"], {}, { allowFailure: true }, "WARNING"],
    ["both allowed", ["FAILED", "SUCCESS", "SUCCESS"], {}, { allowFailure: true, allowWarning: true }, "SUCCESS"],
    ["any KILLED", ["WARNING", "KILLED", "SUCCESS"], {}, {}, "KILLED"],
    ["any WARNING", ["WARNING", "CANCELLED", "SUCCESS"], {}, {}, "WARNING"],
    ["allowWarning", ["WARNING", "SUCCESS", "SUCCESS"], {}, { allowWarning: true }, "SUCCESS"],
    ["CANCELLED counts as over", ["CANCELLED", "CANCELLED", "SUCCESS"], {}, {}, "SUCCESS"],
    ["transmitFailed: false", ["FAILED", "KILLED", "WARNING"], { transmitFailed: false }, {}, "SUCCESS"],
  ];
  test.for(cases)("%s", ([, states, change, more, state]) => {
    const driver = begin(change, more);
    states.forEach((end, batch) => {
      started(driver, batch);
      ended(driver, batch, end);
    });
    expect(driver.run("items").state).toBe(state);
  });

  test("a batch that cannot be started counts as FAILED and says why", () => {
    const driver = begin();
    refused(driver, 1);
    expect(driver.asked).toContainEqual({ kind: "log", level: "ERROR", message: "Batch 1: no such flow", run: 0 });
    ended(driver, 0);
    ended(driver, 2);
    expect(driver.run("items")).toMatchObject({ state: "FAILED", error: "1 of 3 batches ended FAILED." });
  });
});

describe("kill", () => {
  test("[B5][K1] children that run are killed, nothing more is asked for, late ones are killed too", () => {
    const driver = begin({ total: 100 });
    started(driver, 0);
    started(driver, 1);
    ended(driver, 1);
    const before = starts(driver).length;
    driver.kill();
    expect(kills(driver)).toEqual(["e0"]);
    started(driver, 2);
    expect(kills(driver)).toEqual(["e0", "e2"]);
    expect(driver.run("items").state).toBe("KILLING");
    ended(driver, 0, "KILLED");
    ended(driver, 2, "KILLED");
    for (let batch = 3; batch < before; batch++) refused(driver, batch);
    expect(starts(driver)).toHaveLength(before);
    expect([driver.run("items").state, driver.state.status]).toEqual(["KILLED", "KILLED"]);
  });

  test("[K2] ends after the grace; a child heard of after that is killed once", () => {
    const driver = begin();
    started(driver, 0);
    driver.kill();
    driver.advance(KILL_GRACE_MS);
    expect(driver.state.status).toBe("KILLED");
    started(driver, 1);
    expect(driver.changes(() => started(driver, 1))).toBe(false);
    expect(kills(driver)).toEqual(["e0", "e1"]);
    expect(driver.run("items").outputs?.iterations).toEqual({ CREATED: 2, RUNNING: 1 });
  });

  test("without cascade the children are left alone", () => {
    const driver = begin();
    started(driver, 0);
    driver.kill(false);
    expect([driver.state.status, kills(driver)]).toEqual(["KILLED", []]);
    expect(driver.changes(() => started(driver, 1))).toBe(false);
  });
});

describe("restart and retry", () => {
  test("[B6] a restart asks for what did not end well, and leaves the rest", () => {
    const driver = begin({ total: 4 });
    ended(driver, 0);
    ended(driver, 1, "FAILED");
    ended(driver, 2, "WARNING");
    const old = startOf(driver, 3);
    refused(driver, 3);
    driver.restart().expand("items", { ...ITEMS, total: 4 });
    expect(
      starts(driver)
        .slice(4)
        .map(({ index }) => index),
    ).toEqual([1, 3]);
    expect(iterations(driver)).toEqual({ CREATED: 2, SUCCESS: 1, WARNING: 1 });
    const late = { kind: "subflow-started", at: driver.now, effect: old, executionId: "late" } as const;
    expect(driver.changes(() => driver.apply(late))).toBe(false);
    ended(driver, 1);
    ended(driver, 3);
    expect(driver.run("items").state).toBe("WARNING");
    driver.finish("after");
    expect(driver.state.status).toBe("WARNING");
  });

  test("[B6] a restart after a kill in the middle goes on where it was", () => {
    const driver = begin({ total: 70 });
    for (let batch = 0; batch < 10; batch++) ended(driver, batch);
    driver.kill();
    driver.advance(KILL_GRACE_MS);
    driver.restart().expand("items", { ...ITEMS, total: 70 });
    for (let batch = 10; batch < 70; batch++) ended(driver, batch);
    expect(iterations(driver)).toEqual({ SUCCESS: 70 });
    expect(driver.run("items").state).toBe("SUCCESS");
  });

  test("[A3][B6] a retry asks again for the failed batches only", () => {
    const driver = begin({}, { retry: CONSTANT_RETRY });
    ended(driver, 0);
    ended(driver, 1);
    ended(driver, 2, "FAILED");
    expect(driver.run("items").state).toBe("RETRYING");
    driver.advance(1_000).expand("items", ITEMS);
    expect(starts(driver).map(({ index }) => index)).toEqual([0, 1, 2, 2]);
    ended(driver, 2);
    expect(driver.run("items").state).toBe("SUCCESS");
  });
});

describe("what stands in its way", () => {
  test("[E4] while the execution is paused by hand no batch is asked for", () => {
    const driver = begin({ total: 60 });
    driver.apply({ kind: "pause-requested", at: driver.now });
    for (let batch = 0; batch < 20; batch++) ended(driver, batch);
    expect(starts(driver)).toHaveLength(20);
    driver.resume();
    for (let batch = 20; batch < 60; batch++) ended(driver, batch);
    expect(driver.run("items").state).toBe("SUCCESS");
  });

  test("[C6] left behind by its container it asks for nothing more and ends when its children have", () => {
    const driver = new Driver(flowOf([task("p", { lists: { tasks: [task("items"), task("bad")] } })])).create();
    driver.expand("p", { kind: "parallel", list: "tasks", concurrency: 0 }).expand("items", { ...ITEMS, total: 60 });
    started(driver, 0);
    driver.fail("bad");
    expect(driver.state.status).toBe("FAILED");
    const asked = starts(driver).length;
    for (let batch = 0; batch < asked; batch++) ended(driver, batch);
    expect(starts(driver)).toHaveLength(asked);
    expect(driver.run("items").state).toBe("KILLED");
    expect(driver.state.live).toBe(0);
  });

  test("a flowable gathers outputs of its tasks at its end", () => {
    const driver = new Driver(flowOf([task("each", { lists: { tasks: [task("split"), task("items")] } })])).create();
    driver.expand("each", { ...SEQUENCE, gathers: [{ name: "n", slot: 1, from: "numberOfBatches" }] });
    driver.finish("split").expand("items", { ...ITEMS, total: 1 });
    ended(driver, 0);
    expect(driver.run("each")).toMatchObject({ state: "SUCCESS", outputs: { n: 1 } });
  });
});

describe("the records", () => {
  test("a batch that is over takes one character of a snapshot", () => {
    const driver = begin({ total: 100_000 });
    for (let batch = 0; batch < 1_000; batch++) {
      started(driver, batch);
      if (batch !== 7) ended(driver, batch);
    }
    const text = freeze(driver.state);
    expect(text.length).toBeLessThan(103_000);
    const thawed = thaw(text);
    expect(thawed).toEqual(driver.state);
    expect(thawed && freeze(thawed)).toBe(text);
    const [run] = thawed?.runs ?? [];
    expect(run && unansweredItems(run)).toEqual(unansweredItems(driver.run("items")));
  });

  test("text and back", () => {
    const records = ["-", "C", "R:0abcXYZ", "S", "F", "K", "X", "W"];
    expect([...ItemRecords.parse(ItemRecords.of(records).toJSON())]).toEqual(records);
  });

  test("[B4] news of a batch costs no more when there are many", () => {
    const perBatch = (total: number, rounds: number) => {
      const driver = begin({ total });
      const from = performance.now();
      for (let batch = 0; batch < rounds; batch++) {
        const effect = `0:${Number(startOf(driver, 0).split(":")[1]) + batch}`;
        driver.apply({ kind: "subflow-started", at: driver.now, effect, executionId: `e${batch}` });
        driver.apply({ kind: "subflow-finished", at: driver.now, effect, executionId: `e${batch}`, state: "SUCCESS" });
      }
      return (performance.now() - from) / rounds;
    };
    perBatch(1_000, 500);
    // A walk over the batches would make it hundreds of times slower.
    expect(perBatch(200_000, 500)).toBeLessThan(20 * perBatch(1_000, 500) + 0.2);
  });
});

type Move =
  | { kind: "start" | "refuse"; pick: number }
  | { kind: "end"; pick: number; state: State }
  | { kind: "again"; pick: number }
  | { kind: "kill" };

const pick = fc.nat();
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("start" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("refuse" as const), pick }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      pick,
      state: fc.constantFrom<State>("SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("again" as const), pick }) },
  { weight: 1, arbitrary: fc.constant({ kind: "kill" as const }) },
);

/** A world that keeps its own account of the children, to compare with. */
class Account {
  readonly driver: Driver;
  readonly running = new Set<number>();
  readonly over = new Map<number, State>();
  isKilled = false;

  constructor(total: number) {
    this.driver = begin({ total });
  }

  get open(): number[] {
    return starts(this.driver).flatMap(({ index }) => (this.running.has(index) || this.over.has(index) ? [] : [index]));
  }

  play(move: Move): void {
    switch (move.kind) {
      case "kill":
        this.isKilled ||= !isTerminal(this.driver.state.status);
        this.driver.kill();
        return;
      case "again":
        return this.repeat(move.pick);
      case "end":
        return this.end(chosen([...this.running], move.pick), move.state);
      default: {
        const batch = chosen(this.open, move.pick);
        if (batch === undefined) return;
        if (move.kind === "start") started(this.driver, batch);
        else refused(this.driver, batch);
        if (move.kind === "start") this.running.add(batch);
        else this.over.set(batch, this.isKilled ? "KILLED" : "FAILED");
      }
    }
  }

  end(batch: number | undefined, state: State): void {
    if (batch === undefined) return;
    ended(this.driver, batch, state);
    this.running.delete(batch);
    this.over.set(batch, state);
  }

  repeat(pick: number): void {
    const batch = chosen([...this.over.keys()], pick);
    if (batch === undefined) return;
    expect(this.driver.changes(() => ended(this.driver, batch, "SUCCESS"))).toBe(false);
    expect(this.driver.changes(() => started(this.driver, batch))).toBe(false);
  }

  /** Everything is answered. */
  settle(): void {
    while (this.open.length + this.running.size > 0 && this.driver.state.live > 0) {
      const [batch] = this.open;
      if (batch !== undefined) this.play({ kind: this.isKilled ? "refuse" : "start", pick: 0 });
      for (const running of [...this.running]) this.end(running, this.isKilled ? "KILLED" : "SUCCESS");
    }
  }

  counts(total: number): Record<string, number> {
    const counts: Record<string, number> = {};
    const created = total - this.running.size - this.over.size;
    if (created > 0) counts.CREATED = created;
    if (this.running.size > 0) counts.RUNNING = this.running.size;
    for (const state of this.over.values()) counts[state] = (counts[state] ?? 0) + 1;
    return counts;
  }
}

function chosen<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

describe("in whatever order news comes", () => {
  test("[B3][B4][B5] counts are right, and each child has ended or is killed once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 130 }), fc.array(move, { maxLength: 200 }), (total, moves) => {
        const account = new Account(total);
        const { driver } = account;
        for (const next of moves) {
          account.play(next);
          if (total > 0) expect(iterations(driver)).toEqual(account.counts(total));
        }
        const asked = starts(driver).length;
        account.settle();
        expect(isTerminal(driver.run("items").state)).toBe(true);
        const killed = kills(driver);
        expect(new Set(killed).size).toBe(killed.length);
        if (account.isKilled) expect([starts(driver).length, driver.state.status]).toEqual([asked, "KILLED"]);
        else expect([starts(driver).length, killed]).toEqual([total, []]);
        const thawed = thaw(freeze(driver.state));
        expect(thawed).toEqual(driver.state);
      }),
      { numRuns: 150 },
    );
  });
});
