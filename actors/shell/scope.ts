import { type ExecutionState, iterationOf, mergedVariables, type Plan, type TaskRun } from "#engine/index.ts";
import type { LookupAnswer, Scope } from "#expr/index.ts";
import type { Flow, Input } from "#schema/flow.ts";
import { taskRunId } from "#schema/ids.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { isTerminal } from "#schema/state.ts";
import { isoInstant } from "#schema/time.ts";
import { outputsOf, statesOf } from "./outputs.ts";
import { itemAround, ownTurns } from "./place-of.ts";
import { type ReadOutputs, readerOf } from "./stored.ts";

/** What expressions see that is the same for every execution of this server. */
export type Surroundings = { envs: JsonObject; globals: JsonObject; kestra: JsonObject };

type Look = () => unknown;

/** `answers`: what the world has said; `lane`: of one turn of the loop that the run is. */
export type Looking = { answers?: ReadonlyMap<string, LookupAnswer>; lane?: number };

/**
 * The context variables of a task run, or of the execution when `run` is left out. Each is made when asked for. `lane`: of one turn of the
 * loop that the run is.
 */
export function scopeOf(
  flow: Flow,
  plan: Plan,
  state: ExecutionState,
  run: TaskRun | undefined,
  surroundings: Surroundings,
  { answers, lane }: Looking = {},
): Scope {
  const read = readerOf(answers);
  const { facts } = state;
  if (facts === undefined) throw new Error("An execution that was never created has no scope.");
  const item = itemAround(state, run, lane);
  const turns = ownTurns(state, run, lane);
  const looks: Record<string, Look> = {
    flow: () => ({
      id: facts.flowId,
      namespace: facts.namespace,
      revision: facts.flowRevision,
      tenantId: facts.tenant,
    }),
    execution: () => ({
      id: facts.id,
      startDate: isoInstant(state.histories[0]?.at ?? facts.at),
      originalId: facts.originalId ?? facts.id,
      state: state.status,
      ...(isTerminal(state.status) ? { endDate: isoInstant(state.histories.at(-1)?.at ?? state.at) } : {}),
      ...(state.outputs === undefined ? {} : { outputs: read(state.outputs) }),
    }),
    inputs: () => read(withDefaults(flow.inputs, facts.inputs)),
    vars: () => read(variablesOf(flow, state)),
    labels: () => labelsOf(state),
    outputs: () => outputsOf({ state, plan }, turns, read),
    tasks: () => statesOf({ state, plan }, turns),
    trigger: () => facts.trigger?.variables,
    schedule: () => facts.variables?.schedule,
    envs: () => surroundings.envs,
    globals: () => surroundings.globals,
    kestra: () => surroundings.kestra,
    namespace: () => flow.namespaceVariables ?? {},
    error: () => failureOf(plan, state),
    ...(item === undefined ? {} : { item: () => item }),
    ...(run === undefined ? {} : runLooks(plan, state, run, read)),
  };
  const made = new Map<string, unknown>();
  return {
    get(name) {
      if (!Object.hasOwn(looks, name)) return undefined;
      if (!made.has(name)) made.set(name, looks[name]?.());
      return made.get(name);
    },
    keys: () => Object.keys(looks),
  };
}

function runLooks(plan: Plan, state: ExecutionState, run: TaskRun, read: ReadOutputs): Record<string, Look> {
  const executionId = state.facts?.id ?? "";
  const task = plan.tasks[run.task];
  return {
    task: () => ({ id: task?.id, type: task?.type }),
    taskrun: () => ({
      id: taskRunId(executionId, run.index),
      startDate: isoInstant(run.histories[0]?.at ?? state.at),
      attemptsCount: run.attempts.filter((attempt) => attempt.to !== undefined).length,
      ...(run.parent < 0 ? {} : { parentId: taskRunId(executionId, run.parent) }),
      ...(run.value === undefined ? {} : { value: run.value }),
      ...(iterationOf(run) === undefined ? {} : { iteration: iterationOf(run) }),
    }),
    parents: () => parentsOf(state, run, read),
    parent: () => parentsOf(state, run, read)[0],
  };
}

/** The flow's variables with what tasks have set and taken away; expressions in them are left as they are. */
export function variablesOf(flow: Flow, { variables, unsetVariables }: ExecutionState): JsonObject {
  if (unsetVariables.length === 0 && Object.keys(variables).length === 0) return flow.variables;
  const gone = new Set(unsetVariables);
  const kept = Object.fromEntries(Object.entries(flow.variables).filter(([name]) => !gone.has(name)));
  return mergedVariables(kept, variables);
}

/** Ancestors that have something to say, closest first. */
function parentsOf(state: ExecutionState, run: TaskRun, read: ReadOutputs): object[] {
  const parents: object[] = [];
  for (let next = state.runs.get(run.parent); next !== undefined; next = state.runs.get(next.parent)) {
    const taskrun: JsonObject = {};
    if (next.value !== undefined) taskrun.value = next.value;
    if (next.iteration !== undefined) taskrun.iteration = next.iteration;
    const parent: { taskrun: JsonObject; outputs?: unknown } = { taskrun };
    if (next.outputs !== undefined && Object.keys(next.outputs).length > 0) parent.outputs = read(next.outputs);
    if (next.value !== undefined || parent.outputs !== undefined) parents.push(parent);
  }
  return parents;
}

/** Declared defaults fill what was not given; dots in ids nest. Defaults that are expressions were rendered at creation. */
function withDefaults(declared: readonly Input[], given: JsonObject): JsonObject {
  let inputs = given;
  for (const { id, type, defaults } of declared) {
    if (defaults === undefined || type === "SECRET" || id.includes(".") || Object.hasOwn(inputs, id)) continue;
    if (typeof defaults === "string" && defaults.includes("{{")) continue;
    inputs = { ...inputs, [id]: defaults };
  }
  return inputs;
}

function labelsOf(state: ExecutionState): JsonObject {
  const labels: { [key: string]: Json } = Object.create(null);
  for (const { key, value } of state.labels) {
    const [first = "", ...rest] = key.split(".");
    if (first !== "system" || rest.length === 0) {
      if (!Object.hasOwn(labels, key)) labels[key] = value;
      continue;
    }
    const system = labels.system;
    const nested = typeof system === "object" && system !== null && !Array.isArray(system) ? system : {};
    labels.system = { ...nested, [rest.join(".")]: value };
  }
  return labels;
}

/** The newest failed task run, for `errors` tasks. */
function failureOf(plan: Plan, state: ExecutionState): JsonObject | undefined {
  let found: TaskRun | undefined;
  for (const run of state.runs) if (run.state === "FAILED" && run.error !== undefined && !run.dropped) found = run;
  if (found === undefined) return undefined;
  return { taskId: plan.tasks[found.task]?.id ?? "", message: found.error ?? "" };
}
