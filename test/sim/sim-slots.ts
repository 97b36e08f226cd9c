import { type SlotLimit, SlotTable, type SlotTelling } from "#actors/flow-actor/slot-table.ts";
import type { SlotAnswer, SlotWish } from "#schema/slot.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import type { Clockwork } from "./clockwork.ts";
import type { Mutant } from "./mutants.ts";

const LOOK_EVERY_MS = 1_000;

/** The slots of every flow: the real table for each, with an alarm of its own. Calls to and from it are lost, late and doubled as others. */
export class SimSlots {
  readonly #tables = new Map<string, SlotTable>();
  readonly #alarms = new Map<string, number>();
  readonly #clock: Clockwork;
  readonly #limitOf: (flowId: string) => SlotLimit | undefined;
  readonly #tell: (telling: SlotTelling) => Promise<boolean>;
  readonly #mutant: Pick<Mutant, "slots" | "slotSql">;
  /** Slots that were taken from owners that had ended, and those that were given back, by execution and effect. */
  readonly #taken = new Set<string>();
  readonly #returned = new Set<string>();
  readonly violations: string[] = [];

  constructor(parts: {
    mutant?: Pick<Mutant, "slots" | "slotSql"> | undefined;
    clock: Clockwork;
    limitOf: (flowId: string) => SlotLimit | undefined;
    tell: (telling: SlotTelling) => Promise<boolean>;
  }) {
    this.#clock = parts.clock;
    this.#limitOf = parts.limitOf;
    this.#tell = parts.tell;
    this.#mutant = parts.mutant ?? {};
  }

  acquire(flowId: string, wish: SlotWish): SlotAnswer {
    return this.#ordered(flowId, wish.executionId, (table) =>
      table.acquire(wish, this.#limitOf(flowId), this.#clock.now),
    );
  }

  release(flowId: string, executionId: string, effect: string): void {
    this.#returned.add(`${executionId}/${effect}`);
    this.#ordered(flowId, executionId, (table) =>
      table.release(executionId, effect, this.#limitOf(flowId), this.#clock.now),
    );
  }

  /** Owners that lost a slot by being asked, and never gave it back themselves. */
  unreturned(): string[] {
    const lost = [...this.#taken].filter((name) => !this.#returned.has(name));
    return lost.map((name) => `I4 ${name} never gave its slot back`);
  }

  /** [I5] Does something with the table of a flow; whoever comes from the queue to a slot must have stood before all who stay. */
  #ordered<T>(flowId: string, executionId: string, body: (table: SlotTable) => T): T {
    const table = this.table(flowId);
    const before = idsOf(table.view(undefined).queue);
    const result = body(table);
    const after = table.view(undefined);
    const [held, queued] = [idsOf(after.holders), idsOf(after.queue)];
    const stayed = before.findIndex((id) => id !== executionId && queued.includes(id));
    for (const id of stayed < 0 ? [] : before.slice(stayed))
      if (id !== executionId && held.includes(id)) this.violations.push(`I5 ${id} was let in before its turn`);
    this.#arm(flowId);
    return result;
  }

  table(flowId: string): SlotTable {
    const known = this.#tables.get(flowId);
    if (known !== undefined) return known;
    const { slots, slotSql } = this.#mutant;
    const table = new SlotTable(slotSql?.(nodeSql()) ?? nodeSql());
    const made = slots?.(table) ?? table;
    this.#tables.set(flowId, made);
    return made;
  }

  /** Executions that hold a slot or wait for one, by flow. */
  taken(): { flowId: string; executionId: string; held: boolean }[] {
    const found: { flowId: string; executionId: string; held: boolean }[] = [];
    for (const [flowId, table] of this.#tables) {
      const { holders, queue } = table.view(undefined);
      for (const { executionId } of holders) found.push({ flowId, executionId, held: true });
      for (const { executionId } of queue) found.push({ flowId, executionId, held: false });
    }
    return found;
  }

  #arm(flowId: string): void {
    const at = this.table(flowId).nextWakeAt();
    if (at === undefined || (this.#alarms.get(flowId) ?? Number.POSITIVE_INFINITY) <= at) return;
    this.#alarms.set(flowId, at);
    const inMs = Math.max(at - this.#clock.now, 0);
    this.#clock.in(inMs, `slots of ${flowId}`, () => {
      this.#alarms.delete(flowId);
      this.#wake(flowId);
    });
  }

  #wake(flowId: string): void {
    const table = this.table(flowId);
    for (const telling of table.tellings(this.#clock.now))
      this.#tell(telling).then(
        (taken) => {
          const { executionId, effect, answer } = telling;
          const isHeld = idsOf(table.view(undefined).holders).includes(executionId);
          if (!taken && answer === "granted" && isHeld) this.#taken.add(`${executionId}/${effect}`);
          this.#ordered(flowId, executionId, () => table.told(telling, taken, this.#limitOf(flowId), this.#clock.now));
        },
        () => this.#clock.in(LOOK_EVERY_MS, `slots of ${flowId} again`, () => this.#arm(flowId)),
      );
    this.#arm(flowId);
  }
}

function idsOf(rows: readonly { executionId: string }[]): string[] {
  return rows.map(({ executionId }) => executionId);
}
