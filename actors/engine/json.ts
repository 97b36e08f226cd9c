import { formatDuration } from "#schema/duration.ts";
import type { ExecutionJson, ExecutionSummary, StateJson, TaskRunJson } from "#schema/execution.ts";
import { taskRunId } from "#schema/ids.ts";
import type { EpochMs, JsonObject } from "#schema/json.ts";
import { maskSealed } from "#schema/sealed.ts";
import { isTerminal, type State } from "#schema/state.ts";
import { isoInstant } from "#schema/time.ts";
import type { Plan } from "./plan.ts";
import type { Attempt, ExecutionState, History, TaskRun } from "./state.ts";

function stateJson(current: State, histories: readonly History[], now: EpochMs): StateJson {
  const first = histories[0]?.at ?? now;
  const last = histories.at(-1)?.at ?? now;
  return {
    current,
    histories: histories.map(({ state, at }) => ({ state, date: isoInstant(at) })),
    duration: formatDuration((histories.length === 1 ? now : last) - first),
    startDate: isoInstant(first),
    ...(isTerminal(current) || current === "PAUSED" ? { endDate: isoInstant(last) } : {}),
  };
}

function attemptJson(attempt: Attempt, now: EpochMs): { state: StateJson } {
  const histories: History[] = [
    { state: "CREATED", at: attempt.from },
    { state: "RUNNING", at: attempt.from },
  ];
  if (attempt.to !== undefined) histories.push({ state: attempt.state, at: attempt.to });
  return { state: stateJson(attempt.state, histories, now) };
}

/** Which turn of the loop around the run is in, from 0; of a loop that goes on until a condition holds, its own turn. */
export function iterationOf(run: TaskRun): number | undefined {
  return run.container?.loop?.turn ?? run.iteration;
}

function taskRunJson(state: ExecutionState, plan: Plan, run: TaskRun, now: EpochMs): TaskRunJson {
  const { facts } = state;
  const executionId = facts?.id ?? "";
  return {
    id: taskRunId(executionId, run.index),
    executionId,
    namespace: facts?.namespace ?? "",
    flowId: facts?.flowId ?? "",
    taskId: plan.tasks[run.task]?.id ?? "",
    ...(run.parent < 0 ? {} : { parentTaskRunId: taskRunId(executionId, run.parent) }),
    ...(run.value === undefined ? {} : { value: run.value }),
    ...(iterationOf(run) === undefined ? {} : { iteration: iterationOf(run) }),
    attempts: run.attempts.map((attempt) => attemptJson(attempt, now)),
    outputs: run.outputs === undefined ? null : maskSealed(run.outputs),
    state: stateJson(run.state, run.histories, now),
  };
}

/** What came with the execution, and what its tasks have set. */
function variablesJson({ facts, variables }: ExecutionState): { variables?: JsonObject } {
  if (facts?.variables === undefined && Object.keys(variables).length === 0) return {};
  return { variables: maskSealed({ ...facts?.variables, ...variables }) };
}

/** The execution as the API shows it. `now` closes the duration of what still is in its first state. */
export function toExecutionJson(state: ExecutionState, plan: Plan, now: EpochMs = state.at): ExecutionJson {
  const { facts } = state;
  if (facts === undefined) throw new Error("An execution that was never created has no JSON.");
  const runs: TaskRunJson[] = [];
  for (const run of state.runs) if (!run.dropped) runs.push(taskRunJson(state, plan, run, now));
  return {
    id: facts.id,
    tenantId: facts.tenant,
    namespace: facts.namespace,
    flowId: facts.flowId,
    flowRevision: facts.flowRevision,
    ...(runs.length === 0 ? {} : { taskRunList: runs }),
    ...(Object.keys(facts.inputs).length === 0 ? {} : { inputs: maskSealed(facts.inputs) }),
    ...(state.outputs === undefined ? {} : { outputs: maskSealed(state.outputs) }),
    ...variablesJson(state),
    labels: [...state.labels],
    state: stateJson(state.status, state.histories, now),
    ...(facts.parentId === undefined ? {} : { parentId: facts.parentId }),
    originalId: facts.originalId ?? facts.id,
    ...(facts.trigger === undefined ? {} : { trigger: facts.trigger }),
    deleted: false,
    metadata: { attemptNumber: state.attempt, originalCreatedDate: isoInstant(facts.originalCreatedAt ?? facts.at) },
    ...(facts.executionKind === undefined ? {} : { kind: facts.executionKind }),
    ...(state.breakpoints.length === 0 ? {} : { breakpoints: [...state.breakpoints] }),
    ...(facts.scheduleAt === undefined ? {} : { scheduleDate: isoInstant(facts.scheduleAt) }),
  };
}

/** The execution's row in lists. */
export function toSummary(state: ExecutionState): ExecutionSummary {
  const { facts, histories } = state;
  if (facts === undefined) throw new Error("An execution that was never created has no summary.");
  const startAt = histories[0]?.at ?? facts.at;
  const endAt = isTerminal(state.status) ? (histories.at(-1)?.at ?? state.at) : null;
  const caller = facts.trigger?.variables.executionId;
  return {
    id: facts.id,
    tenant: facts.tenant,
    namespace: facts.namespace,
    flowId: facts.flowId,
    flowRevision: facts.flowRevision,
    state: state.status,
    startAt,
    endAt,
    durationMs: endAt === null ? null : endAt - startAt,
    labels: state.labels,
    triggerId: facts.trigger?.id ?? null,
    triggerType: facts.trigger?.type ?? null,
    triggerExecutionId: typeof caller === "string" ? caller : null,
    parentId: facts.parentId ?? null,
    seq: state.seq,
    deleted: false,
  };
}
