import type { Command } from "#schema/cell.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { taskRunIndex } from "#schema/ids.ts";
import type { EpochMs } from "#schema/json.ts";

/** The command as an event; undefined when it names a task run that is none of this execution's. */
export function eventOf(command: Command, executionId: string, at: EpochMs): ExecutionEvent | undefined {
  const common = { at, ...(command.commandId === undefined ? {} : { commandId: command.commandId }) };
  switch (command.kind) {
    case "kill":
      return { kind: "kill-requested", ...common, cascade: command.cascade };
    case "pause":
      return { kind: "pause-requested", ...common };
    case "restart":
      return { kind: "restart-requested", ...common, ...(command.parent && { parent: command.parent }) };
    case "resume": {
      const inputs = {
        ...(command.inputs === undefined ? {} : { inputs: command.inputs }),
        ...(command.by === undefined ? {} : { by: command.by }),
      };
      if (command.taskRunId === undefined) return { kind: "resume-requested", ...common, ...inputs };
      const run = taskRunIndex(executionId, command.taskRunId);
      return run === undefined ? undefined : { kind: "resume-requested", ...common, run, ...inputs };
    }
    case "unqueue":
      return { kind: "unqueue-requested", ...common, state: command.state };
    case "force-run":
      return { kind: "force-run-requested", ...common };
    case "change-state": {
      const run = taskRunIndex(executionId, command.taskRunId);
      return run === undefined ? undefined : { kind: "task-state-set", ...common, run, state: command.state };
    }
    case "change-status":
      return { kind: "status-set", ...common, state: command.state };
    case "set-labels":
      return { kind: "labels-set", ...common, labels: [...command.labels] };
    case "resume-from-breakpoint": {
      const { breakpoints } = command;
      return { kind: "breakpoint-resumed", ...common, ...(breakpoints && { breakpoints: [...breakpoints] }) };
    }
  }
}
