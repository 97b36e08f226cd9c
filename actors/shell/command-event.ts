import type { Command } from "#schema/cell.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { taskRunIndex } from "#schema/ids.ts";
import type { EpochMs } from "#schema/json.ts";

/** The command as an event; undefined when it names a task run that is none of this execution's. */
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
