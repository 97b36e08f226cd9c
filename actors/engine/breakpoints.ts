import type { EventOf } from "#schema/event.ts";
import type { Handler } from "./handler.ts";
import type { ExecutionState } from "./state.ts";

// Stops before a task, and going on from there.

/** Goes on with what waits at a breakpoint. */
export function breakpointResumed(_state: ExecutionState, _event: EventOf<"breakpoint-resumed">): Handler | undefined {
  return undefined;
}
