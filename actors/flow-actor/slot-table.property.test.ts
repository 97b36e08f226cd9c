import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Sql } from "#shell/sql.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import { type SlotLimit, SlotTable } from "./slot-table.ts";

// Random trees of executions that wait for each other, against the real table: kills, restarts, force, crashes, doubled and late messages,
// limits that change. Whatever happened, once nobody starts anything new all comes to its end, and nothing is held.

type Execution = {
  id: string;
  parent: Execution | undefined;
  /** Those that it waits for. */
  children: Set<Execution>;
  /** False: of another flow, which has no limit. */
  isOurs: boolean;
  state: "waits" | "runs" | "ended";
  /** Number of its last effect. */
  life: number;
  ancestors: string[];
};

class World {
  readonly sql: Sql = nodeSql();
  table = new SlotTable(this.sql);
  limit: SlotLimit | undefined;
  now = 0;
  readonly all: Execution[] = [];
  /** Messages that may come again. */
  readonly sent: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = { limit, behavior: "QUEUE" };
  }

  start(parent: Execution | undefined, isOurs: boolean): void {
    const ancestors = parent === undefined ? [] : [parent.id, ...parent.ancestors];
    const id = `e${this.all.length}`;
    const execution: Execution = { id, parent, children: new Set(), isOurs, state: "runs", life: 0, ancestors };
    this.all.push(execution);
    parent?.children.add(execution);
    if (isOurs) this.ask(execution, false);
  }

  ask(execution: Execution, force: boolean): void {
    execution.state = force ? "runs" : "waits";
    execution.life += 1;
    const { id, ancestors } = execution;
    const wish = { executionId: id, effect: `x:${execution.life}`, force, ancestors };
    const { life } = execution;
    const send = () => {
      const before = this.view();
      const { answer, running } = this.table.acquire(wish, this.limit, this.now);
      if (!force && answer === "granted" && !before.held.includes(id))
        expect(running, "H1").toBeLessThanOrEqual(this.limit?.limit ?? Number.POSITIVE_INFINITY);
      this.checkOrder(before, id);
      if (execution.life === life && execution.state === "waits") this.hear(execution, answer);
    };
    this.sent.push(send);
    send();
  }

  hear(execution: Execution, answer: "granted" | "queued" | "refused"): void {
    if (answer === "granted") execution.state = "runs";
    if (answer === "refused") this.end(execution, false);
  }

  /** Ends it. Whoever waits for it goes on; what it waits for is left alone. */
  end(execution: Execution, release = true): void {
    execution.state = "ended";
    execution.children.clear();
    execution.parent?.children.delete(execution);
    if (!execution.isOurs || !release) return;
    const effect = `x:${execution.life}`;
    const send = () => {
      const before = this.view();
      this.table.release(execution.id, effect, this.limit, this.now);
      this.checkOrder(before, execution.id);
    };
    this.sent.push(send);
    send();
  }

  /** Nobody waits for one that ended before. */
  restart(execution: Execution): void {
    execution.ancestors = [];
    execution.parent = undefined;
    this.ask(execution, false);
  }

  /** Tells what is to be told; with `lost`, nobody hears it. */
  tell(lost: boolean): void {
    for (const telling of this.table.tellings(this.now)) {
      if (lost) continue;
      const execution = this.all.find(({ id }) => id === telling.executionId);
      if (execution === undefined) throw new Error("nobody of that name");
      const isMeant = `x:${execution.life}` === telling.effect;
      if (isMeant && execution.state === "waits") this.hear(execution, telling.answer);
      const before = this.view();
      this.table.told(telling, isMeant && execution.state === "runs", this.limit, this.now);
      this.checkOrder(before, execution.id);
    }
  }

  view(): { held: string[]; queue: string[] } {
    const { holders, queue } = this.table.view(this.limit);
    return { held: holders.map(({ executionId }) => executionId), queue: queue.map(({ executionId }) => executionId) };
  }

  /** [H3] What runs holds a slot, whatever messages came late. */
  checkHeld(): void {
    const { held } = this.view();
    for (const { id, state, isOurs } of this.all) if (isOurs && state === "runs") expect(held, "H3").toContain(id);
  }

  /** [H2] Who came from the queue to a slot stood before all who stay. */
  checkOrder(before: { queue: string[] }, except: string): void {
    const after = this.view();
    const stayed = before.queue.findIndex((id) => id !== except && after.queue.includes(id));
    if (stayed < 0) return;
    for (const id of before.queue.slice(stayed)) if (id !== except) expect(after.held, "H2").not.toContain(id);
  }

  step(choice: number, pick: number): void {
    const of = (wanted: (execution: Execution) => boolean) => {
      const found = this.all.filter(wanted);
      return found[pick % Math.max(1, found.length)];
    };
    const free = of(({ state, children }) => state === "runs" && children.size === 0);
    const running = of(({ state }) => state === "runs");
    const living = of(({ state }) => state !== "ended");
    const ended = of(({ state, isOurs }) => state === "ended" && isOurs);
    const waiting = of(({ state }) => state === "waits");
    this.now += 700;
    if (choice < 3) this.start(undefined, true);
    else if (choice < 8 && running) this.start(running, pick % 4 !== 0);
    else if (choice < 11 && free) this.end(free);
    else if (choice < 12 && living) this.end(living);
    else if (choice < 13 && ended) this.restart(ended);
    else if (choice < 14 && waiting) this.ask(waiting, true);
    else if (choice < 15) this.change(pick);
    else if (choice < 16) this.table = new SlotTable(this.sql);
    else if (choice < 17) this.sent[pick % Math.max(1, this.sent.length)]?.();
    else this.tell(pick % 3 === 0);
  }

  change(pick: number): void {
    this.limit = pick % 9 === 0 ? undefined : { limit: 1 + (pick % 3), behavior: "QUEUE" };
    this.table.settle(this.limit, this.now);
  }

  /** Nobody starts anything any more: what can end ends. True when all has. */
  finish(): boolean {
    for (let round = 0; round < 4 * this.all.length + 20; round++) {
      this.now += 700_000;
      this.tell(false);
      const free = this.all.find(({ state, children }) => state === "runs" && children.size === 0);
      if (free) this.end(free);
    }
    return this.all.every(({ state }) => state === "ended");
  }
}

test("[H1, H2, H3, H5, H6, H7] whatever happens, all executions end, and no slot is held or waited for", () => {
  const steps = fc.array(fc.tuple(fc.nat(19), fc.nat(1_000)), { minLength: 5, maxLength: 80 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), steps, (limit, choices) => {
      const world = new World(limit);
      for (const [choice, pick] of choices) {
        world.step(choice, pick);
        world.checkHeld();
      }
      expect(world.finish()).toBe(true);
      expect(world.view()).toEqual({ held: [], queue: [] });
      expect(world.table.nextWakeAt()).toBeUndefined();
    }),
    { numRuns: 150 },
  );
}, 60_000);
