import type { ExecutionState, TaskRun } from "#engine/index.ts";
import type { Scope } from "#expr/index.ts";
import type { JsonObject } from "#schema/json.ts";

// What expressions see in a task that is a part of another one: what the user wrote stands on the whole.

/** With `siblings`, and with `taskrun.value` of the whole when that is a turn of an iteration; `more` goes into `taskrun`. */
export function partScope(scope: Scope, state: ExecutionState, run: TaskRun, more: JsonObject = {}): Scope {
  const { value, iteration } = state.runs.get(run.parent) ?? {};
  const ofWhole = { ...(value === undefined ? {} : { value }), ...(iteration === undefined ? {} : { iteration }) };
  return {
    get(name) {
      if (name === "siblings") return siblingsOf(state, run);
      const found = scope.get(name);
      return name === "taskrun" && isObject(found) ? { ...found, ...ofWhole, ...more } : found;
    },
    keys: () => [...scope.keys(), "siblings"],
  };
}

/** The outputs of the tasks before this one in its sequence. */
export function siblingsOf(state: ExecutionState, run: TaskRun): JsonObject[] {
  const container = run.parent < 0 ? state.root : state.runs.get(run.parent)?.container;
  const lane = container?.lanes.get(run.lane);
  return Array.from({ length: run.slot }, (_, slot) => {
    const index = lane?.get(slot);
    return (index === undefined ? undefined : state.runs.get(index)?.outputs) ?? {};
  });
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
