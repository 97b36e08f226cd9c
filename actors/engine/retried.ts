import type { EventOf } from "#schema/event.ts";
import type { Draft } from "./draft.ts";
import { tellEnd } from "./ending.ts";
import type { Handler } from "./handler.ts";
import type { ExecutionState } from "./state.ts";
import { killChild, stop } from "./stop.ts";

// An execution that a new one replaces because a task failed: `retry.behavior: CREATE_NEW_EXECUTION`.
//
// R1. The failed task run, the flowables round it and the execution are RETRIED; what else runs is stopped first.
// R2. The new execution is started once, at its time: a kept timer, then `start-retry` until it is acknowledged.
// R3. A kill before the time cancels the start, and the execution is KILLED and tells who waits for it; a later one, with cascade, is
//     handed on to the new execution.

/** Stops the execution so that a new one can take its place at `at`. */
export function replaceExecution(draft: Draft, { run, at }: { run: number; at: number }): void {
  for (let owner = draft.run(run).parent; owner >= 0; owner = draft.run(owner).parent) {
    const { container } = draft.run(owner);
    const ended = container === undefined ? {} : { container: { ...container, worst: "FAILED", ended: true } as const };
    draft.move(owner, "RETRIED", { waiting: undefined, ...ended });
  }
  draft.log("WARN", `The task failed: a new execution is started at ${new Date(at).toISOString()}.`, run);
  draft.set({ retryAt: at });
  stop(draft, "RETRIED", { cascade: true });
}

/** The time of the new execution has come. */
export function retryDue(state: ExecutionState, effect: string): Handler | undefined {
  if (state.status !== "RETRIED" || !state.pending.some(({ id, kind }) => id === effect && kind === "wake-at"))
    return undefined;
  return (draft) => {
    draft.set({ pending: draft.state.pending.filter(({ id }) => id !== effect) });
    draft.askAndKeep({ kind: "start-retry", id: draft.effectId(-1) });
  };
}

/** The new execution has been started. */
export function retryStarted(state: ExecutionState, event: EventOf<"effect-acknowledged">): Handler | undefined {
  const asked = state.pending.find(({ id, kind }) => id === event.effect && kind === "start-retry");
  if (asked?.kind !== "start-retry") return undefined;
  const { executionId } = event;
  return (draft) => {
    draft.set({ pending: draft.state.pending.filter((effect) => effect !== asked), retriedAs: executionId });
    if (executionId === undefined) return;
    draft.log("INFO", `Created new execution [[link execution="${executionId}"]]`);
    if (asked.killed) killChild(draft, executionId);
  };
}

/** What a kill does of an execution that is replaced, or is about to be; undefined when nothing. */
export function killRetried(state: ExecutionState, cascade: boolean): Handler | undefined {
  const waiting = state.pending.find(({ kind }) => kind === "wake-at");
  const starting = state.pending.find(({ kind }) => kind === "start-retry");
  if (waiting !== undefined) return (draft) => cancelRetry(draft, waiting.id);
  if (!cascade) return undefined;
  if (starting?.kind === "start-retry" && !starting.killed)
    return (draft) => {
      const pending = draft.state.pending.map((effect) =>
        effect === starting ? { ...starting, killed: true as const } : effect,
      );
      draft.set({ pending });
    };
  const { retriedAs } = state;
  return retriedAs === undefined ? undefined : (draft) => killChild(draft, retriedAs);
}

function cancelRetry(draft: Draft, timer: string): void {
  draft.log("WARN", "Kill requested: no new execution is started.");
  draft.set({ pending: draft.state.pending.filter(({ id }) => id !== timer), retryAt: undefined });
  draft.moveExecution("KILLED");
  tellEnd(draft, "KILLED");
}
