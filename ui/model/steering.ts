import { verdictOf } from "#engine/command-table.ts";
import type { Command, CommandKind } from "#schema/cell.ts";
import type { ExecutionJson, TaskRunJson } from "#schema/execution.ts";
import type { Flow, Task } from "#schema/flow.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import { isTerminal, type State } from "#schema/state.ts";

// What a reader may do to an execution, now.
//
// C1. What the engine would refuse is not offered, and neither is what would change nothing.
// C2. A task run can be replayed from when the execution has ended, or from any point of the past.

export type ActionId = Exclude<CommandKind, "change-state"> | "replay" | "delete";

/** Why the engine would refuse a command; undefined when it would not. */
export type Refuses = (command: Command) => string | undefined;

/** In the order they are offered. The states of a command are only there for its question to be a whole one. */
const COMMANDS: readonly (Command & { kind: Exclude<CommandKind, "change-state"> })[] = [
  { kind: "resume" },
  { kind: "resume-from-breakpoint" },
  { kind: "pause" },
  { kind: "kill", cascade: false },
  { kind: "restart" },
  { kind: "unqueue", state: "RUNNING" },
  { kind: "force-run" },
  { kind: "change-status", state: "SUCCESS" },
  { kind: "set-labels", labels: [] },
];

/** The states that something can be said to have ended in. */
export const END_STATES: readonly State[] = ["SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELLED"];

export function allowedActions(state: State, refuses: Refuses): ReadonlySet<ActionId> {
  const allowed = new Set<ActionId>(["delete"]);
  if (isTerminal(state)) allowed.add("replay");
  for (const command of COMMANDS) {
    if (verdictOf(command.kind, state) === "kept") continue;
    if (refuses(command) === undefined) allowed.add(command.kind);
  }
  return allowed;
}

export function canChangeState(taskRunId: string, refuses: Refuses): boolean {
  return refuses({ kind: "change-state", taskRunId, state: "SUCCESS" }) === undefined;
}

/** The task runs whose outputs a replay may change: of those that it keeps, the ended ones that have no task runs of their own. */
export function changeableRuns(execution: ExecutionJson, kept: ReadonlySet<string>): readonly TaskRunJson[] {
  const runs = execution.taskRunList ?? [];
  const parents = new Set(runs.map(({ parentTaskRunId }) => parentTaskRunId));
  return runs.filter(({ id, state }) => kept.has(id) && isTerminal(state.current) && !parents.has(id));
}

/** Ids of the flow's tasks, nested ones too, in the order they are written. */
export function taskIdsOf(flow: Flow): readonly string[] {
  const ids = new Set<string>();
  const visit = (tasks: readonly Task[]): void => {
    for (const { id, lists } of tasks) {
      ids.add(id);
      for (const list of Object.values(lists)) visit(list);
    }
  };
  for (const tasks of [flow.tasks, flow.errors, flow.finally, flow.afterExecution]) visit(tasks);
  return [...ids];
}

/** What a reader wrote as the outputs of a task run, or what is wrong with it. */
export function readOutputs(text: string): { outputs: JsonObject } | { mistake: string } {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return { mistake: `This is not JSON: ${cause instanceof Error ? cause.message : cause}` };
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { outputs: value };
  return { mistake: 'Outputs are a map, such as {"value": 1}.' };
}

/** A task run as a reader tells it from others of the same task. */
export function runName({ taskId, value, iteration }: Pick<TaskRunJson, "taskId" | "value" | "iteration">): string {
  if (value !== undefined) return `${taskId} (${value.length > 40 ? `${value.slice(0, 40)}…` : value})`;
  return iteration === undefined ? taskId : `${taskId} (turn ${iteration + 1})`;
}
