import { type ExecutionState, initialState } from "#engine/index.ts";
import type { Live } from "./live.ts";
import type { CellStore } from "./store.ts";

/** The execution's state when `seq` events had happened, made from its log; the current one when there are fewer. */
export function stateAt(store: CellStore, { id, program }: Pick<Live, "id" | "program">, seq: number): ExecutionState {
  let state = initialState();
  if (seq <= 0) return state;
  for (const event of store.events(id, 0, seq)) state = program.reduce(state, event).state;
  return state;
}
