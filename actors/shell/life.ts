import type { ExecutionState } from "#engine/index.ts";
import type { Command } from "#schema/cell.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { taskRunIndex } from "#schema/ids.ts";
import type { EpochMs } from "#schema/json.ts";

// What a cell has to know of an execution beside its state: which event a command is, and what a crash could lose.

/** Without the fields that are undefined. */
export function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** What the command tells the engine; undefined when it names no task run of this execution. */
export function eventOf(command: Command, executionId: string, at: EpochMs): ExecutionEvent | undefined {
  switch (command.kind) {
    case "kill":
      return { kind: "kill-requested", at, cascade: command.cascade };
    case "pause":
      return { kind: "pause-requested", at };
    case "restart":
      return { kind: "restart-requested", at };
    case "resume": {
      const inputs = command.inputs === undefined ? {} : { inputs: command.inputs };
      if (command.taskRunId === undefined) return { kind: "resume-requested", at, ...inputs };
      const run = taskRunIndex(executionId, command.taskRunId);
      return run === undefined ? undefined : { kind: "resume-requested", at, run, ...inputs };
    }
  }
}

/** True while a crash could lose something that only this process does. */
export function isUnfinished(state: ExecutionState): boolean {
  if (state.pending.some((effect) => effect.kind !== "wake-at")) return true;
  if (state.status === "RUNNING" || state.status === "KILLING") return true;
  // An execution that is paused, or has ended, may have task runs that go on: branches beside, left behind, or after its end.
  for (const { waiting, dropped } of state.runs)
    if (!dropped && (waiting?.kind === "start" || waiting?.kind === "answer")) return true;
  return false;
}

/** Attempts that an earlier start of this process was running. */
export function lostAttempts(state: ExecutionState, boot: string | undefined): { effect: string }[] {
  const lost: { effect: string }[] = [];
  for (const { waiting, dropped } of state.runs) {
    if (dropped || (waiting?.kind !== "answer" && waiting?.kind !== "cancel")) continue;
    const effect = waiting.kind === "answer" ? waiting.effect : waiting.target;
    if (waiting.worker?.startsWith("local:") && waiting.worker !== `local:${boot}`) lost.push({ effect });
  }
  return lost;
}
