import type { ExecutionState } from "#engine/index.ts";

// What a start of the process asks of a state that an earlier one left behind.

const LOST_WITH_PROCESS: ReadonlySet<string> = new Set(["start", "answer", "condition", "place-open", "place-close"]);

/** True while a crash could lose something that only this process does. */
export function isUnfinished(state: ExecutionState): boolean {
  if (state.pending.some((effect) => effect.kind !== "wake-at")) return true;
  if (state.status === "RUNNING" || state.status === "KILLING") return true;
  if (state.live === 0) return false;
  // An execution that is paused, or has ended, may have task runs that go on: branches beside, left behind, or after its end.
  for (const { waiting, dropped, items } of state.runs) {
    if (dropped || waiting === undefined) continue;
    if (LOST_WITH_PROCESS.has(waiting.kind)) return true;
    if (waiting.kind === "items" && (items?.open ?? 0) > 0) return true;
  }
  return false;
}

/** Attempts that an earlier start of this process was running. */
export function lostAttempts(state: ExecutionState, boot: string | undefined): { effect: string }[] {
  const lost: { effect: string }[] = [];
  for (const { waiting, dropped } of state.runs) {
    if (dropped || (waiting?.kind !== "answer" && waiting?.kind !== "cancel")) continue;
    const effect = waiting.kind === "answer" ? waiting.effect : waiting.target;
    if (waiting.worker?.startsWith("local:") && waiting.worker !== `local:${boot}`) lost.push({ effect });
  }
  return lost;
}
