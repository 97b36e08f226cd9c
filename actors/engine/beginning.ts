import type { AnsweredEffect } from "#schema/effect.ts";
import type { EventOf } from "#schema/event.ts";
import type { Draft } from "./draft.ts";
import { finishExecution } from "./ending.ts";
import { hasFlag } from "./flags.ts";
import { openContainer } from "./lanes.ts";
import { goOnWithFork } from "./rewind.ts";
import { askToRun } from "./runs.ts";
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
  if (event.failure !== undefined) {
    draft.log("ERROR", event.failure);
    return finishExecution(draft, "FAILED");
  }
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

/** True of the timer that a scheduled execution waits for. */
export function isStart(effect: AnsweredEffect): boolean {
  return effect.kind === "wake-at" && effect.sla === undefined;
}

/** Its time has come. */
export function start(draft: Draft): void {
  draft.set({ pending: draft.state.pending.filter((effect) => !isStart(effect)) });
  if (!askForSlot(draft)) begin(draft);
}

/**
 * [Q2] Asks the flow's actor for a slot when the execution may need one; false when it goes on without. What is off the common path
 * always asks: the limit may have come since, or with another revision.
 */
export function askForSlot(draft: Draft): boolean {
  if (!needsSlot(draft)) return false;
  const id = draft.effectId(-1);
  draft.set({ slot: { state: "asked", effect: id } });
  draft.askAndKeep({ kind: "acquire-slot", id, behavior: draft.plan.concurrency?.behavior ?? "QUEUE" });
  return true;
}

export function needsSlot({ plan, state }: Draft): boolean {
  const { facts, attempt } = state;
  if (facts === undefined || !hasFlag(facts, "concurrency")) return false;
  if (plan.concurrency !== undefined || facts.limited) return true;
  return facts.scheduleAt !== undefined || facts.forked !== undefined || attempt > (facts.attempt ?? 1);
}

/** Nothing holds it back any more: it begins, or what a restart brought back goes on. */
export function proceed(draft: Draft): void {
  if (draft.state.root === undefined || draft.state.fork !== undefined) return begin(draft);
  if (draft.state.paused === 0 && !draft.state.held) draft.moveExecution("RUNNING");
  if (draft.state.held) return;
  for (const run of draft.state.runs) if (run.waiting?.kind === "held" && !run.dropped) askToRun(draft, run.index);
}

function begin(draft: Draft): void {
  if (draft.state.fork !== undefined) return goOnWithFork(draft);
  draft.moveExecution("RUNNING");
  draft.log("INFO", "Flow started");
  openContainer(draft, -1, { kind: "sequence", list: "tasks" });
}
