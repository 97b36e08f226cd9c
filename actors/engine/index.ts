// The engine's public face.

export { ancestorsOf } from "./ancestors.ts";
export { COMMANDS, type Refusal, refusal, verdictOf } from "./command-table.ts";
export { pausedRun } from "./commands.ts";
export { effectRun, LIMITS, type Limits, MAX_TASK_RUNS } from "./draft.ts";
export { CURRENT_FLAGS, FLAGS } from "./flags.ts";
export { copyRuns, forkProblem, notKept } from "./fork-source.ts";
export { unansweredItems } from "./items.ts";
export { iterationOf, toExecutionJson, toSummary } from "./json.ts";
export { mergeLabels } from "./label-merge.ts";
export { compilePlan, type Plan, type PlanTask } from "./plan.ts";
export { createReducer, type Reduce, type Step } from "./reduce.ts";
export { MAX_LOSSES } from "./runs.ts";
export { isWatched } from "./sla.ts";
export { freeze, pack, thaw } from "./snapshot.ts";
export { type Container, type ExecutionState, initialState, type TaskRun, type Waiting } from "./state.ts";
export { KILL_GRACE_MS } from "./stop.ts";
export { MAX_DEPTH, maxDepthOf, subflowRequest } from "./structure.ts";
export { mergedVariables } from "./updates.ts";
