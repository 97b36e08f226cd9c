import type { ExecutionJson, StateJson, TaskRunJson } from "#schema/execution.ts";
import type { JsonObject } from "#schema/json.ts";
import type { State } from "#schema/state.ts";

// Help for tests of the model: executions in a line.

const START = Date.parse("2026-05-01T10:00:00.000Z");

/** `steps`: states with the ms after the start at which they were reached. */
export function stateOf(...steps: readonly (readonly [state: State, atMs: number])[]): StateJson {
  const date = (atMs: number): string => new Date(START + atMs).toISOString();
  const [first] = steps;
  const last = steps.at(-1);
  if (!first || !last) throw new Error("A state needs a step");
  return {
    current: last[0],
    histories: steps.map(([state, atMs]) => ({ state, date: date(atMs) })),
    duration: `PT${(last[1] - first[1]) / 1000}S`,
    startDate: date(first[1]),
    ...(["SUCCESS", "FAILED", "KILLED", "WARNING"].includes(last[0]) ? { endDate: date(last[1]) } : {}),
  };
}

export function runOf(
  id: string,
  state: StateJson,
  more: { taskId?: string; parent?: string; value?: string; outputs?: JsonObject } = {},
): TaskRunJson {
  const { taskId = id, parent, value, outputs = null } = more;
  return {
    id,
    executionId: "e",
    namespace: "n",
    flowId: "f",
    taskId,
    ...(parent === undefined ? {} : { parentTaskRunId: parent }),
    ...(value === undefined ? {} : { value }),
    attempts: [{ state }],
    outputs,
    state,
  };
}

export function executionOf(state: StateJson, taskRunList: TaskRunJson[] = []): ExecutionJson {
  return {
    id: "e",
    tenantId: "main",
    namespace: "n",
    flowId: "f",
    flowRevision: 1,
    taskRunList,
    labels: [],
    state,
    originalId: "e",
    deleted: false,
    metadata: { attemptNumber: 1, originalCreatedDate: new Date(START).toISOString() },
  };
}

export const startMs = START;
