import { formatElapsed } from "#schema/duration.ts";
import type { EventOf } from "#schema/event.ts";
import { isTerminal, type State, type TerminalState } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import { hasFlag } from "./flags.ts";
import { startStageTask } from "./lanes.ts";
import { askToClose } from "./place-end.ts";

// How an execution ends.
//
// N1. Its flow outputs are rendered first, while it still runs; a failure to render them makes it FAILED.
// N2. Whoever waits for the end is told by an effect that is asked for until it is answered.
// N3. `afterExecution` runs after the terminal state is reached, whichever it is, and cannot change it; not when nothing had begun.
// N4. An execution that is replaced by a new one tells nobody of its end, and nothing runs after it: the last of the chain does both.

/** Trigger types whose next evaluation waits for the end of the execution they started. */
const LOCKING_TRIGGERS: ReadonlySet<string> = new Set([
  "io.kestra.plugin.core.trigger.Schedule",
  "io.kestra.plugin.core.trigger.ScheduleOnDates",
]);

/** The execution's own tasks are over, in `state`. */
export function endExecution(draft: Draft, state: TerminalState): void {
  const isAsked = draft.plan.hasOutputs || draft.state.facts?.parent?.outputs !== undefined;
  if (!isAsked || state === "KILLED") return finishExecution(draft, state);
  draft.set({ ending: state });
  draft.askAndKeep({ kind: "render-outputs", id: draft.effectId(-1) });
}

export function outputsRendered(draft: Draft, event: EventOf<"outputs-rendered">): void {
  const { ending } = draft.state;
  if (ending === undefined) return;
  draft.set({ ending: undefined, outputs: event.outputs });
  if (event.error === undefined) return finishExecution(draft, ending);
  draft.log("ERROR", `Failed to render output values: ${event.error}`);
  finishExecution(draft, "FAILED");
}

/** Takes the execution to its terminal state and tells who waits for it. */
export function finishExecution(draft: Draft, state: TerminalState): void {
  draft.moveExecution(state);
  const pending = draft.state.pending.filter((effect) => effect.kind !== "wake-at");
  draft.set({ held: false, pending: pending.length === draft.state.pending.length ? draft.state.pending : pending });
  giveBackSlot(draft);
  const { histories } = draft.state;
  const startedAt = histories[0]?.at ?? draft.at;
  draft.log("INFO", `Flow completed with state ${state} in ${formatElapsed(draft.at - startedAt)}`);
  if (state === "RETRIED") return waitToRetry(draft);
  tellEnd(draft, state);
  const hasFollowUp = (draft.plan.lists.afterExecution ?? []).length > 0 && draft.state.root !== undefined;
  const isStopped = state === "KILLED" || state === "CANCELLED";
  if (hasFollowUp && (!isStopped || hasFlag(draft.state.facts, "afterStop")))
    startStageTask(draft, -1, "afterExecution", 0);
}

/** The new execution is started at its time, kept as a timer. */
function waitToRetry(draft: Draft): void {
  const at = draft.state.retryAt ?? draft.at;
  draft.askAndKeep({ kind: "wake-at", id: draft.effectId(-1), at });
}

/** Tells parent and trigger; of a chain of retries the trigger knows the first. */
export function tellEnd(draft: Draft, state: State): void {
  const { facts, outputs } = draft.state;
  if (facts?.parent !== undefined)
    draft.askAndKeep({ kind: "notify-parent", id: draft.effectId(-1), parent: facts.parent, state, outputs });
  if (facts?.trigger === undefined || !LOCKING_TRIGGERS.has(facts.trigger.type)) return;
  const first = facts.originalId === undefined ? {} : { executionId: facts.originalId };
  const id = draft.effectId(-1);
  draft.askAndKeep({ kind: "notify-trigger", id, triggerId: facts.trigger.id, state, ...first });
}

/** One task run that kept a killed execution in KILLING has stopped. */
export function runStopped(draft: Draft): void {
  const stopping = draft.state.stopping - 1;
  draft.set({ stopping });
  if (stopping <= 0) endKill(draft);
}

/** Nothing runs any more: the flowables are KILLED, then the execution ends as the stop said. */
export function endKill(draft: Draft): void {
  draft.set({ stopping: 0, held: false });
  for (const run of draft.state.runs) {
    if (run.dropped || isTerminal(run.state)) continue;
    if (run.container?.place !== undefined) askToClose(draft, run.index, "KILLED");
    const container = run.container === undefined ? {} : { container: { ...run.container, ended: true } };
    draft.move(run.index, "KILLED", { ...container, waiting: undefined });
  }
  const { root, stopAs } = draft.state;
  const worst = stopAs === "FAILED" || stopAs === "RETRIED" ? "FAILED" : "KILLED";
  if (root !== undefined) draft.set({ root: { ...root, worst, ended: true } });
  finishExecution(draft, draft.state.stopAs);
}

/** [Q3] Gives back the slot, or the place in the queue. */
export function giveBackSlot(draft: Draft): void {
  const { slot, pending } = draft.state;
  if (slot === undefined) return;
  draft.set({ slot: undefined, pending: pending.filter(({ kind }) => kind !== "acquire-slot") });
  draft.askAndKeep({ kind: "release-slot", id: draft.effectId(-1), acquired: slot.effect });
}
