import { type ExecutionState, mergeLabels, refusal } from "#engine/index.ts";
import type { Command, CommandAnswer } from "#schema/cell.ts";
import { taskRunIndex } from "#schema/ids.ts";
import type { Live } from "./live.ts";

type Refused = Extract<CommandAnswer, { ok: false }>;

/** Why the command cannot be taken, as its sender is told; undefined when it can. */
export function refusedAnswer({ state, id }: Pick<Live, "state" | "id">, command: Command): Refused | undefined {
  const runOf = (taskRunId: string) => {
    const index = taskRunIndex(id, taskRunId);
    return index === undefined ? undefined : state.runs.get(index);
  };
  const refused = refusal(state, command, runOf);
  if (refused !== undefined) return { ok: false, ...refused };
  if (command.kind !== "resume" || command.taskRunId === undefined || runOf(command.taskRunId)) return undefined;
  return { ok: false, status: 404, message: `Unable to find the task run ${command.taskRunId}` };
}

/** True when this very command was taken before: by its name, or a restart for a parent that did not hear of it. */
export function isKnown(state: ExecutionState, command: Command): boolean {
  const { commandId } = command;
  if (commandId !== undefined) return state.commandIds.includes(commandId);
  if (command.kind !== "restart" || command.parent === undefined) return false;
  const { parent } = state.facts ?? {};
  return command.parent.effect === parent?.effect && command.parent.executionId === parent.executionId;
}

/** The command with what only the execution knows: labels that it has and that are not given stay. */
export function completed(state: ExecutionState, command: Command): Command {
  if (command.kind !== "set-labels") return command;
  const given = command.labels.filter(({ key, value }) => key !== "" || value !== "");
  return { ...command, labels: mergeLabels(state.labels, given) };
}
