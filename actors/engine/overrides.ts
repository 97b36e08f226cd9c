import type { EventOf } from "#schema/event.ts";
import type { Handler } from "./handler.ts";
import type { ExecutionState } from "./state.ts";

// Commands that say what the engine would have decided otherwise.

/** A task run, or the execution, is said to have ended otherwise. */
export function overridden(
  _state: ExecutionState,
  _event: EventOf<"task-state-set" | "status-set">,
): Handler | undefined {
  return undefined;
}
