import type { AnsweredEffect } from "#schema/effect.ts";
import type { EventOf } from "#schema/event.ts";
import type { Draft } from "./draft.ts";
import { openContainer } from "./lanes.ts";
import { goOnWithFork } from "./rewind.ts";
import { armSlas } from "./sla.ts";
import type { ExecutionState } from "./state.ts";

// How an execution begins: created, at its date, with a slot, then its first task.

export function created(draft: Draft, event: EventOf<"execution-created">): void {
  draft.set({
    facts: event,
    labels: event.labels,
    histories: [{ state: "CREATED", at: event.at }],
    attempt: event.attempt ?? 1,
    breakpoints: event.breakpoints ?? [],
  });
  armSlas(draft);
  // What it takes over follows.
  if (event.forked !== undefined) return;
  if (event.scheduleAt === undefined || event.scheduleAt <= event.at) return start(draft);
  draft.askAndKeep({ kind: "wake-at", id: draft.effectId(-1), at: event.scheduleAt });
}

/** True when the timer is the one that a scheduled execution waits for. */
export function isDueStart(state: ExecutionState, effect: string): boolean {
  return (
    state.status === "CREATED" &&
    state.root === undefined &&
    state.pending.some((timer) => timer.id === effect && isStart(timer))
  );
}

function isStart(effect: AnsweredEffect): boolean {
  return effect.kind === "wake-at" && effect.sla === undefined;
}

/** Its time has come. */
export function start(draft: Draft): void {
  draft.set({ pending: draft.state.pending.filter((effect) => !isStart(effect)) });
  begin(draft);
}

/** Nothing holds it back any more. */
export function begin(draft: Draft): void {
  if (draft.state.fork !== undefined) return goOnWithFork(draft);
  draft.moveExecution("RUNNING");
  draft.log("INFO", "Flow started");
  openContainer(draft, -1, { kind: "sequence", list: "tasks" });
}
