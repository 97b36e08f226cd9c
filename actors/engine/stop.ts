import { isTerminal } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import { endKill } from "./ending.ts";
import { stopItems } from "./items.ts";
import { withdraw } from "./runs.ts";
import type { StopState, TaskRun } from "./state.ts";

// Stopping an execution, whoever wants it stopped: a kill, a pause that cancels, a broken SLA, a retry as a new execution.

/** How long a killed execution waits for whoever runs its attempts, in ms. */
export const KILL_GRACE_MS = 20_000;

/**
 * Stops everything; the execution ends as `stopAs` once nothing runs any more. `cascade`: subflows too. `last`: the task run that ends as
 * the execution does, where the others are KILLED.
 */
export function stop(draft: Draft, stopAs: StopState, { cascade, last }: { cascade: boolean; last?: number }): void {
  const kept = draft.state.pending.filter((effect) => effect.kind !== "render-outputs" && effect.kind !== "wake-at");
  draft.set({ ending: undefined, exit: undefined, stopAs, pending: kept });
  let stopping = 0;
  for (const run of draft.state.runs) {
    if (run.dropped || isTerminal(run.state)) continue;
    if (run.container !== undefined) draft.move(run.index, "KILLING", { waiting: undefined });
    else if (stopRun(draft, run, cascade, run.index === last ? stopAs : "KILLED")) stopping += 1;
  }
  // An execution that is replaced, and of which nothing runs any more, is not stopped in anybody's eyes.
  if (stopAs !== "RETRIED" || stopping > 0) draft.moveExecution("KILLING");
  draft.set({ stopping });
  if (stopping === 0) endKill(draft);
}

/** Stops one task run; true when somebody else has to stop first. */
function stopRun(draft: Draft, run: TaskRun, cascade: boolean, endAs: StopState): boolean {
  const { waiting, index } = run;
  if (waiting?.kind === "items") return stopItems(draft, run, cascade, KILL_GRACE_MS);
  const external = waiting?.kind === "answer" || (waiting?.kind === "subflow" && cascade);
  if (!external) {
    withdraw(draft, run);
    draft.move(index, endAs, { waiting: undefined });
    return false;
  }
  const effect = draft.effectId(index);
  const at = draft.at + KILL_GRACE_MS;
  const timer = draft.timer(index, at);
  const isTask = waiting.kind === "answer";
  const ends = endAs === "FAILED" || endAs === "CANCELLED" ? { endAs } : {};
  const worker = isTask && waiting.worker !== undefined ? { worker: waiting.worker } : {};
  draft.move(index, "KILLING", {
    waiting: { kind: "cancel", target: waiting.effect, effect, timer, at, isTask, ...worker, ...ends },
  });
  if (isTask) draft.ask({ kind: "cancel-task", id: effect, run: index, target: waiting.effect });
  else if (waiting.kind === "subflow" && waiting.executionId !== undefined) killChild(draft, waiting.executionId);
  return true;
}

/** Asks for the end of an execution that this one started. */
export function killChild(draft: Draft, executionId: string): void {
  draft.askAndKeep({ kind: "kill-execution", id: draft.effectId(-1), executionId });
}
