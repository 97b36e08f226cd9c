import type { EventOf } from "#schema/event.ts";
import { ADOPTED } from "#schema/slot.ts";
import { isTerminal } from "#schema/state.ts";
import { isStart, needsSlot, proceed } from "./beginning.ts";
import { passBreakpoints } from "./breakpoints.ts";
import { canResume, resume } from "./commands.ts";
import type { Draft } from "./draft.ts";
import { finishExecution } from "./ending.ts";
import type { Handler } from "./handler.ts";
import type { ExecutionState } from "./state.ts";
import { stop } from "./stop.ts";

// The flow's concurrency slots, as an execution sees them: asked for before it runs, given back at its end.
//
// Q1. Nothing of an execution that asks for a slot starts before it holds one: what a restart brings back is held until then.
// Q2. A slot is asked for at each beginning, under a new effect: at creation, at its date, at a restart.
// Q3. It is kept through PAUSED, RETRYING, KILLING and all else that is not terminal, and given back in the step that ends the execution,
//     whatever ended it. So is a place in the queue.
// Q4. An answer counts for the effect that asks now, and only forward: asked, queued, held. Any other changes nothing.
// Q5. Whoever is let through by hand runs at once; its slot is told to the flow's actor, which counts it above the limit.

/** The flow's actor has answered. */
export function slotAnswered(state: ExecutionState, event: EventOf<"slot-answered">): Handler | undefined {
  const { slot, status } = state;
  if (isTerminal(status)) return undefined;
  if (slot === undefined) {
    const isAdopted = event.effect === ADOPTED && event.answer === "granted" && state.root !== undefined;
    return isAdopted ? (draft) => draft.set({ slot: { state: "held", effect: ADOPTED } }) : undefined;
  }
  if (slot.effect !== event.effect) return undefined;
  if (slot.state === "held") return isAsked(state) ? heard : undefined;
  switch (event.answer) {
    case "queued":
      return slot.state === "asked" ? (draft) => queued(draft, event) : undefined;
    case "granted":
      return granted;
    case "refused":
      return (draft) => refused(draft, event);
  }
}

function isAsked({ pending }: ExecutionState): boolean {
  return pending.some(({ kind }) => kind === "acquire-slot");
}

/** The question is answered: it is not asked again. */
function heard(draft: Draft): void {
  draft.set({ pending: draft.state.pending.filter(({ kind }) => kind !== "acquire-slot") });
}

function granted(draft: Draft): void {
  const { slot, status } = draft.state;
  if (slot === undefined) return;
  heard(draft);
  draft.set({ slot: { ...slot, state: "held" } });
  if (status !== "KILLING") proceed(draft);
}

function queued(draft: Draft, event: EventOf<"slot-answered">): void {
  const { slot, status } = draft.state;
  if (slot === undefined) return;
  heard(draft);
  draft.set({ slot: { ...slot, state: "queued" } });
  if (status !== "CREATED" && status !== "RESTARTED") return;
  draft.moveExecution("QUEUED");
  draft.log("INFO", `Flow is queued due to concurrency limit exceeded, ${event.running ?? 0} running(s)`);
}

function refused(draft: Draft, event: EventOf<"slot-answered">): void {
  heard(draft);
  draft.set({ slot: undefined });
  if (draft.state.status === "KILLING") return;
  const behavior = event.behavior ?? draft.plan.concurrency?.behavior;
  const as = event.reason === undefined && behavior === "CANCEL" ? "CANCELLED" : "FAILED";
  draft.log("ERROR", event.reason ?? `Flow is ${as} due to concurrency limit exceeded`);
  endUnbegun(draft, as);
}

/** Ends an execution that waited for a slot, with what a restart had brought back. */
function endUnbegun(draft: Draft, as: "CANCELLED" | "FAILED"): void {
  if (draft.state.root === undefined) finishExecution(draft, as);
  else stop(draft, as, { cascade: false });
}

/** Somebody lets it run although its turn has not come, or takes it out of the queue. */
export function unqueued(
  state: ExecutionState,
  event: EventOf<"unqueue-requested" | "force-run-requested">,
): Handler | undefined {
  const { status } = state;
  if (event.kind === "unqueue-requested") {
    if (status !== "QUEUED") return undefined;
    const as = event.state;
    return as === "RUNNING" ? letThrough : (draft) => takeOut(draft, as);
  }
  const isCopying = state.facts?.forked !== undefined && state.fork === undefined && state.root === undefined;
  if (isCopying) return undefined;
  if (status === "CREATED" || status === "QUEUED") return letThrough;
  if (status === "BREAKPOINT") return (draft) => passBreakpoints(draft, []);
  if (status !== "PAUSED" || !canResume(state, undefined)) return undefined;
  return (draft) => resume(draft, { kind: "resume-requested", at: event.at });
}

function takeOut(draft: Draft, as: "CANCELLED" | "FAILED"): void {
  draft.log("WARN", `Taken out of the queue as ${as}`);
  endUnbegun(draft, as);
}

/** [Q5] */
function letThrough(draft: Draft): void {
  const pending = draft.state.pending.filter((effect) => effect.kind !== "acquire-slot" && !isStart(effect));
  draft.set({ pending });
  draft.log("INFO", "Forced to run, whatever the concurrency limit");
  if (needsSlot(draft)) {
    const id = draft.effectId(-1);
    draft.set({ slot: { state: "held", effect: id } });
    const behavior = draft.plan.concurrency?.behavior ?? "QUEUE";
    draft.askAndKeep({ kind: "acquire-slot", id, behavior, force: true });
  }
  proceed(draft);
}
