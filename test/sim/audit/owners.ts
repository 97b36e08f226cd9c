import type { ExecutionState, TaskRun } from "#engine/index.ts";
import { isTerminal } from "#schema/state.ts";

// I11: whatever is not terminal has an owner that will move it, after each commit.

/** What nobody will move. `due`: when the rows say that this execution is to be looked at again. */
export function ownerless(state: ExecutionState, due: number | undefined): string[] {
  if (state.live === 0 && isTerminal(state.status)) return [];
  const found: string[] = [];
  const parents = new Set<number>();
  let earliest = Number.POSITIVE_INFINITY;
  for (const run of state.runs) if (!run.dropped && !isTerminal(run.state)) parents.add(run.parent);
  for (const run of state.runs) {
    if (run.dropped || isTerminal(run.state)) continue;
    earliest = Math.min(earliest, timerOf(run));
    // A killed flowable waits for whatever else of the execution still stops.
    if (state.status === "KILLING" && run.container !== undefined) continue;
    if (run.waiting === undefined && !parents.has(run.index))
      found.push(`I11 task run ${run.index} is ${run.state} and waits for nothing`);
    if (run.waiting?.kind === "held" && !state.held && !waitsForSlot(state) && state.status !== "BREAKPOINT")
      found.push(`I11 task run ${run.index} is held back by no pause`);
  }
  if (due === undefined && earliest < Number.POSITIVE_INFINITY)
    found.push("I11 a timer is waited for and the rows do not say when to look");
  if (
    !isTerminal(state.status) &&
    state.live === 0 &&
    state.pending.length === 0 &&
    !state.held &&
    !waitsForSlot(state)
  )
    found.push(`I11 it is ${state.status} and nothing of it lives`);
  return found;
}

function waitsForSlot(state: ExecutionState): boolean {
  return state.slot?.state === "asked" || state.slot?.state === "queued";
}

/** The time this run waits for; infinite when for no time. */
function timerOf({ waiting }: TaskRun): number {
  if (waiting === undefined) return Number.POSITIVE_INFINITY;
  if ("at" in waiting && typeof waiting.at === "number") return waiting.at;
  if (waiting.kind === "pause") return waiting.until ?? Number.POSITIVE_INFINITY;
  if (waiting.kind === "answer")
    return Math.min(waiting.lease?.at ?? Number.POSITIVE_INFINITY, waiting.deadline?.at ?? Number.POSITIVE_INFINITY);
  return Number.POSITIVE_INFINITY;
}
