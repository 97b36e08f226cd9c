import type { EventOf } from "#schema/event.ts";
import type { Handler } from "./handler.ts";
import type { ExecutionState } from "./state.ts";

// Executions that go on from what another one did: replay, restart with another revision.

/** Task runs are taken over, then it goes on from the given place. */
export function forking(
  _state: ExecutionState,
  _event: EventOf<"runs-copied" | "fork-completed">,
): Handler | undefined {
  return undefined;
}
