// The engine's public face.

export { ancestorsOf } from "./ancestors.ts";
export { KILL_GRACE_MS, pausedRun, refusal } from "./commands.ts";
export { CURRENT_FLAGS } from "./flags.ts";
export { iterationOf, toExecutionJson, toSummary } from "./json.ts";
export { compilePlan, type Plan, type PlanTask } from "./plan.ts";
export { createReducer, type Reduce, type Step } from "./reduce.ts";
export { MAX_LOSSES, MAX_TASK_RUNS } from "./runs.ts";
export { freeze, pack, thaw } from "./snapshot.ts";
export { type Container, type ExecutionState, initialState, type TaskRun, type Waiting } from "./state.ts";
export { MAX_DEPTH } from "./structure.ts";
export { mergedVariables } from "./updates.ts";
