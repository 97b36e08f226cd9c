import type { EventOf } from "#schema/event.ts";
import type { Handler } from "./handler.ts";
import type { TaskRun } from "./state.ts";

// One execution for each batch of a ForEachItem.

/** News of the execution of a batch. */
export function itemAnswered(
  _run: TaskRun,
  _event: EventOf<"subflow-started" | "subflow-finished" | "item-refused">,
): Handler | undefined {
  return undefined;
}
