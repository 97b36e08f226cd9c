import { formatDuration } from "#schema/duration.ts";
import type { Draft } from "./draft.ts";
import type { Container, History, LanesExpansion, LoopTurns, TaskRun } from "./state.ts";

// The turns of a loop, as far as its own task run goes: what is asked after a turn, and for how long it may go on.

type LoopUntil = Extract<LanesExpansion, { kind: "loop-until" }>;

export function firstTurn(draft: Draft): LoopTurns {
  return { turn: 0, from: 0, startedAt: draft.at, extraMs: 0 };
}

/** Limits count anew from a restart. */
export function turnsAfterRestart(draft: Draft, loop: LoopTurns): LoopTurns {
  return { ...loop, from: loop.turn, extraMs: draft.at - loop.startedAt };
}

/** True when all turns are over and something about them is to be asked before the loop ends. */
export function asksAfterTurn(container: Container): boolean {
  const { expansion } = container;
  if (expansion.kind === "loop-until") return container.lanes.size > 0;
  return expansion.kind === "each" && expansion.gives === true;
}

/** Asks for the condition, or for what the turns give. */
export function askAfterTurn(draft: Draft, owner: number, container: Container): void {
  if (container.expansion.kind === "loop-until" && container.expansion.countsAhead)
    tellCount(draft, owner, (container.loop?.turn ?? 0) + 2);
  const effect = draft.effectId(owner);
  draft.update(owner, { waiting: { kind: "condition", effect } });
  draft.ask({ kind: "evaluate-loop", id: effect, run: owner });
}

/** The number of the turn, from 1, as output of the loop's task run. */
export function tellCount(draft: Draft, owner: number, iterationCount: number): void {
  draft.update(owner, { outputs: { ...draft.run(owner).outputs, iterationCount } });
}

export function deadlineOf(expansion: LoopUntil, loop: LoopTurns): number {
  return expansion.deadlineAt === undefined ? Number.POSITIVE_INFINITY : expansion.deadlineAt + loop.extraMs;
}

/** Why there is no further turn; undefined when there may be one. */
export function limitReached(draft: Draft, expansion: LoopUntil, loop: LoopTurns): string | undefined {
  const turns = loop.turn + 1 - loop.from;
  if (expansion.maxIterations !== undefined && turns >= expansion.maxIterations)
    return `The condition did not hold within ${expansion.maxIterations} iterations.`;
  if (draft.at < deadlineOf(expansion, loop)) return undefined;
  const lengthMs = (expansion.deadlineAt ?? draft.at) - loop.startedAt;
  return `The condition did not hold within ${formatDuration(lengthMs)}.`;
}

/** How many states a loop's histories keep before those of its earlier turns are left out. */
const MAX_HISTORIES = 64;

/** `histories` without the last turn's pause when there are many: a loop of a year must not remember each. */
export function withoutLastPause(histories: readonly History[]): readonly History[] {
  if (histories.length < MAX_HISTORIES) return histories;
  const [pause, run] = histories.slice(-2);
  return pause?.state === "PAUSED" && run?.state === "RUNNING" ? histories.slice(0, -2) : histories;
}

/** A task run that is out of the execution, without what only its own life needed. */
export function shed(run: TaskRun): TaskRun {
  const { index, task, parent, stage, lane, slot, state } = run;
  return { index, task, parent, stage, lane, slot, state, histories: [], attempts: [], losses: 0, dropped: true };
}
