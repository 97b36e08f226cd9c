import type { EventOf } from "#schema/event.ts";
import type { Draft } from "./draft.ts";
import type { Handler } from "./handler.ts";
import { askToRun } from "./runs.ts";
import type { ExecutionState } from "./state.ts";

// Going on from a breakpoint. Where it stops is decided in gates.ts.
//
// B3. While a task run waits at a breakpoint its execution is BREAKPOINT, unless it is paused as well; branches beside it go on.

/** Goes on with what waits at a breakpoint. */
export function breakpointResumed(state: ExecutionState, event: EventOf<"breakpoint-resumed">): Handler | undefined {
  if (state.atBreakpoint === 0 || state.status === "KILLING") return undefined;
  return (draft) => passBreakpoints(draft, event.breakpoints);
}

/** Lets all that waits at a breakpoint run; `breakpoints`, when given, replaces those that are left. */
export function passBreakpoints(draft: Draft, breakpoints: readonly string[] | undefined): void {
  if (breakpoints !== undefined) draft.set({ breakpoints });
  for (const { index, waiting, dropped } of draft.state.runs) {
    if (dropped || waiting?.kind !== "breakpoint") continue;
    draft.move(index, "CREATED", { passed: true, waiting: undefined });
    askToRun(draft, index);
  }
}
