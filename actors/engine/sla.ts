import { formatDuration } from "#schema/duration.ts";
import type { EventOf } from "#schema/event.ts";
import type { Sla } from "#schema/flow.ts";
import { isTerminal } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import { hasFlag } from "./flags.ts";
import type { Handler } from "./handler.ts";
import { mergeLabels } from "./label-merge.ts";
import type { ExecutionState } from "./state.ts";
import { stop } from "./stop.ts";

// Service level agreements of the flow.
//
// Y1. Each is violated once at most in the life of an execution, and only before its end.
// Y2. The deadline of a MAX_DURATION is the creation plus its duration, kept as a timer; a restart sets those again that are not over.
// Y3. FAIL and CANCEL stop the execution, without its subflows: the last task run that lives, and the execution, end so.

/** Sets a timer for each deadline that is not over. */
export function armSlas(draft: Draft): void {
  const { facts, violated } = draft.state;
  if (facts === undefined || !hasFlag(facts, "sla")) return;
  for (const sla of draft.plan.slas) {
    if (sla.type !== "MAX_DURATION" || violated.includes(sla.id)) continue;
    const at = facts.at + sla.durationMs;
    if (at >= draft.at) draft.askAndKeep({ kind: "wake-at", id: draft.effectId(-1), at, sla: sla.id });
  }
}

/** The time of a MAX_DURATION is over. */
export function slaElapsed(state: ExecutionState, effect: string): Handler | undefined {
  const timer = state.pending.find(({ id }) => id === effect);
  if (timer?.kind !== "wake-at" || timer.sla === undefined) return undefined;
  const { sla: id } = timer;
  return (draft) => {
    draft.set({ pending: draft.state.pending.filter((pending) => pending !== timer) });
    const sla = draft.plan.slas.find((candidate) => candidate.id === id);
    if (sla?.type !== "MAX_DURATION" || !isWatched(draft.state, id)) return;
    const elapsed = formatDuration(draft.at - (draft.state.facts?.at ?? draft.at));
    violated(
      draft,
      sla,
      `execution duration of ${elapsed} exceed the maximum duration of ${formatDuration(sla.durationMs)}.`,
    );
  };
}

/** An assertion does not hold. */
export function slaViolated(state: ExecutionState, event: EventOf<"sla-violated">): Handler | undefined {
  if (!isWatched(state, event.sla)) return undefined;
  return (draft) => {
    const sla = draft.plan.slas.find(({ id }) => id === event.sla);
    if (sla !== undefined) violated(draft, sla, event.reason);
  };
}

/** True while a violation of it would count. */
export function isWatched(state: ExecutionState, sla: string): boolean {
  const { status } = state;
  return hasFlag(state.facts, "sla") && !isTerminal(status) && status !== "KILLING" && !state.violated.includes(sla);
}

function violated(draft: Draft, sla: Sla, reason: string): void {
  draft.log("WARN", `SLA '${sla.id}' violated: ${reason}`);
  const labels = sla.labels.length === 0 ? draft.state.labels : mergeLabels(draft.state.labels, sla.labels);
  draft.set({ violated: [...draft.state.violated, sla.id], labels });
  if (sla.behavior === "NONE") return;
  const stopAs = sla.behavior === "FAIL" ? "FAILED" : "CANCELLED";
  const last = [...draft.state.runs].findLast(
    (run) => !run.dropped && run.container === undefined && !isTerminal(run.state),
  )?.index;
  stop(draft, stopAs, last === undefined ? { cascade: false } : { cascade: false, last });
}
