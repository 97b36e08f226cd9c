import type { DatabaseSync } from "node:sqlite";
import type { DispatchRoom } from "#actors/dispatch/dispatch-room.ts";
import type { FlowWorld } from "#actors/flow-actor/flow-room.ts";
import type { SlotTable } from "#actors/flow-actor/slot-table.ts";
import type { TriggerTable } from "#actors/flow-actor/trigger-table.ts";
import { createReducer, type ExecutionState, type Plan, type Reduce, type TaskRun } from "#engine/index.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { derivedExecutionId } from "#schema/ids.ts";
import type { Cell, CellParts } from "#shell/cell.ts";
import type { CellStore } from "#shell/store.ts";
import type { Asker, Host, World } from "#shell/world.ts";
import type { SimFlow } from "../sim-flow.ts";

/** A mistake somebody could make, planted round one part. A simulator that does not find it finds nothing. */
export type Mutant = {
  name: string;
  /** The rule it breaks. */
  rule: string;
  /** It wants a rare meeting of faults: 2,000 schedules may not be enough to find it. */
  rare?: true;
  reducer?: (plan: Plan) => Reduce;
  cell?: (parts: CellParts) => Cell;
  store?: (store: CellStore, host: Host, database: DatabaseSync) => CellStore;
  world?: (world: World, host: Host) => World;
  host?: (host: Host) => Host;
  triggers?: (triggers: TriggerTable, flow: SimFlow) => TriggerTable;
  slots?: (slots: SlotTable, flow: SimFlow) => SlotTable;
  flowWorld?: (world: FlowWorld, flow: SimFlow) => FlowWorld;
  dispatch?: (room: DispatchRoom) => DispatchRoom;
  projection?: "unguarded";
};

/** The object with some of its methods replaced; private fields stay with the original. */
export function withMethods<T extends object>(original: T, methods: Partial<T>): T {
  return new Proxy(original, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export function around(make: (reduce: Reduce) => Reduce): (plan: Plan) => Reduce {
  return (plan) => make(createReducer(plan));
}

/** The run that an effect of a task belongs to. */
export function runOf(state: ExecutionState, event: ExecutionEvent): TaskRun | undefined {
  return "effect" in event ? state.runs.get(Number.parseInt(event.effect, 10)) : undefined;
}

/** Long-lived cells of a schedule. */
const CELLS = 3;

/** The id of a child as the simulator's world makes it; another for each call under the mutant that forgets to derive it. */
export function childIdOf(asker: Asker & { nonce?: number }, effect: string): string {
  const parts = [asker.executionId, effect];
  return derivedExecutionId(asker.nonce === undefined ? parts : [...parts, String(asker.nonce)], CELLS);
}
