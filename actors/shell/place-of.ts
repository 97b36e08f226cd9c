import type { ExecutionState, TaskRun } from "#engine/index.ts";
import type { JsonObject } from "#schema/json.ts";

// Where something that is rendered stands among the turns of the loops around it.

/** One turn of a loop: the index of the loop's task run, and the lane. */
type Turn = { readonly owner: number; readonly lane: number };

/** The turns around `run`, nearest first; `lane`: the run is a loop itself, and this is about one of its turns. */
function turnsAround(state: ExecutionState, run: TaskRun | undefined, lane?: number): Turn[] {
  if (run === undefined) return [];
  const turns: Turn[] = lane === undefined ? [] : [{ owner: run.index, lane }];
  for (let next: TaskRun | undefined = run; next !== undefined; next = state.runs.get(next.parent))
    if (next.parent >= 0 && next.stage === "main") turns.push({ owner: next.parent, lane: next.lane });
  return turns;
}

/** For each loop around whose children see their own turn only: which lane that is, by the index of its task run. */
export function ownTurns(state: ExecutionState, run: TaskRun | undefined, lane?: number): ReadonlyMap<number, number> {
  const own = new Map<number, number>();
  for (const turn of turnsAround(state, run, lane)) {
    const expansion = state.runs.get(turn.owner)?.container?.expansion;
    if (expansion?.kind === "each" && expansion.scoped) own.set(turn.owner, turn.lane);
  }
  return own;
}

/** `item`: the turn of the nearest loop that has one, with `parent` and `parents` for those around it; undefined outside of all. */
export function itemAround(state: ExecutionState, run: TaskRun | undefined, lane?: number): JsonObject | undefined {
  const items: JsonObject[] = [];
  for (const turn of turnsAround(state, run, lane)) {
    const item = itemOf(state, turn);
    if (item !== undefined) items.push(item);
  }
  const [nearest, ...parents] = items;
  if (nearest === undefined) return undefined;
  return { ...nearest, ...(parents[0] === undefined ? {} : { parent: parents[0] }), parents };
}

function itemOf(state: ExecutionState, { owner, lane }: Turn): JsonObject | undefined {
  const container = state.runs.get(owner)?.container;
  const expansion = container?.expansion;
  if (expansion?.kind === "loop-until" && expansion.scoped) return { index: container?.loop?.turn ?? 0 };
  if (expansion?.kind !== "each" || !expansion.scoped) return undefined;
  const key = expansion.keys?.[lane];
  return { value: expansion.values[lane] ?? "", index: lane, ...(key === undefined ? {} : { key }) };
}
