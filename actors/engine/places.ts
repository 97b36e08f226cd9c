import type { EventOf } from "#schema/event.ts";
import type { Handler } from "./handler.ts";
import type { TaskRun } from "./state.ts";

// Containers whose tasks share one directory.

/** The directory was made, or collected and removed. */
export function placeAnswered(_run: TaskRun, _event: EventOf<"place-opened" | "place-closed">): Handler | undefined {
  return undefined;
}
