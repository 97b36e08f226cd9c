import type { EventOf } from "#schema/event.ts";
import type { Handler } from "./handler.ts";
import type { ExecutionState } from "./state.ts";

// Service level agreements of the flow.

/** An assertion does not hold. */
export function slaViolated(_state: ExecutionState, _event: EventOf<"sla-violated">): Handler | undefined {
  return undefined;
}
