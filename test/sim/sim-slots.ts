import { type SlotLimit, SlotTable, type SlotTelling } from "#actors/flow-actor/slot-table.ts";
import type { SlotAnswer, SlotWish } from "#schema/slot.ts";
import { nodeSql } from "#test/support/node-sql.ts";
import type { Clockwork } from "./clockwork.ts";

const LOOK_EVERY_MS = 1_000;

/** The slots of every flow: the real table for each, with an alarm of its own. Calls to and from it are lost, late and doubled as others. */
export class SimSlots {
  readonly #tables = new Map<string, SlotTable>();
  readonly #alarms = new Map<string, number>();
  readonly #clock: Clockwork;
  readonly #limitOf: (flowId: string) => SlotLimit | undefined;
  readonly #tell: (telling: SlotTelling) => Promise<boolean>;

  constructor(parts: {
    clock: Clockwork;
    limitOf: (flowId: string) => SlotLimit | undefined;
    tell: (telling: SlotTelling) => Promise<boolean>;
  }) {
    this.#clock = parts.clock;
    this.#limitOf = parts.limitOf;
    this.#tell = parts.tell;
  }

  acquire(flowId: string, wish: SlotWish): SlotAnswer {
    const answer = this.table(flowId).acquire(wish, this.#limitOf(flowId), this.#clock.now);
    this.#arm(flowId);
    return answer;
  }

  release(flowId: string, executionId: string, effect: string): void {
    this.table(flowId).release(executionId, effect, this.#limitOf(flowId), this.#clock.now);
    this.#arm(flowId);
  }

  table(flowId: string): SlotTable {
    const known = this.#tables.get(flowId) ?? new SlotTable(nodeSql());
    this.#tables.set(flowId, known);
    return known;
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
          table.told(telling, taken, this.#limitOf(flowId), this.#clock.now);
          this.#arm(flowId);
        },
        () => this.#clock.in(LOOK_EVERY_MS, `slots of ${flowId} again`, () => this.#arm(flowId)),
      );
    this.#arm(flowId);
  }
}
