import type { EventOf } from "#schema/event.ts";
import type { Handler } from "./handler.ts";
import type { ExecutionState } from "./state.ts";

// The flow's concurrency slots, as an execution sees them: asked for before it runs, given back at its end.

/** The flow's actor has answered. */
export function slotAnswered(_state: ExecutionState, _event: EventOf<"slot-answered">): Handler | undefined {
  return undefined;
}

/** Somebody lets it run although its turn has not come. */
export function unqueued(
  _state: ExecutionState,
  _event: EventOf<"unqueue-requested" | "force-run-requested">,
): Handler | undefined {
  return undefined;
}
