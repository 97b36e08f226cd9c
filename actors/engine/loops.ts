import type { EventOf } from "#schema/event.ts";
import type { Handler } from "./handler.ts";
import type { TaskRun } from "./state.ts";

// Loops that go on until a condition holds.

/** A turn is over, and this is what its condition said. */
export function loopEvaluated(_run: TaskRun, _event: EventOf<"loop-evaluated">): Handler | undefined {
  return undefined;
}
