import { isTerminal } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import { drop, dropChildren } from "./drops.ts";
import {
  listOf,
  openContainer,
  openLanes,
  type Rank,
  rankOf,
  reviveContainer,
  shape,
  startPlace,
  worse,
} from "./lanes.ts";
import { askToRun } from "./runs.ts";
import { type Container, isCutShort, isOrderedKind, type TaskRun } from "./state.ts";
import { Vector } from "./vector.ts";

// Going back to one task run of an execution that has ended, and on from there.
//
// W1. What came after it in its containers is taken out: later tasks of its lane, later lanes where one follows the other, and the later
//     stages (`errors`, `finally`, `afterExecution`). What ran beside it stays.
// W2. Beside it, what was stopped starts again and what was cut short goes on; what FAILED stays, and its container fails once the task
//     run that was gone back to is over.
// W3. A container whose tasks are not ordered by lanes alone, or share a directory, is begun again as a whole.

/** Starts the run again, or goes on below it when it has children. */
export function restartRun(draft: Draft, run: TaskRun): void {
  const { container } = run;
  // What it was to become after its children is over, and failed: it begins anew.
  const isOver = container?.after !== undefined && container.ended && container.worst !== "FAILED";
  // What the tasks of a shared directory had in common is gone with its end, so none of them can go on without the others.
  // How far a copied loop was nobody knows.
  const isCopiedLoop = container?.expansion.kind === "loop-until" && container.loop === undefined;
  if (container === undefined || container.place !== undefined || isOver || isCopiedLoop)
    return restartWhole(draft, run);
  draft.move(run.index, "RUNNING", { error: undefined, losses: 0, waiting: undefined });
  reviveContainer(draft, run.index, (child) => restartRun(draft, child));
}

/** Starts the run again from its beginning, without the children it has. */
export function restartWhole(draft: Draft, run: TaskRun): void {
  dropChildren(draft, run.index);
  draft.move(run.index, "RESTARTED", { error: undefined, losses: 0, waiting: undefined, container: undefined });
  askToRun(draft, run.index);
}

/** Begins what was copied from another execution, where its fork says. */
export function goOnWithFork(draft: Draft): void {
  const { fork, facts, root } = draft.state;
  draft.set({ fork: undefined });
  draft.moveExecution("RESTARTED");
  draft.moveExecution("RUNNING");
  draft.log("INFO", `Goes on from execution [[link execution="${facts?.forked?.executionId ?? ""}"]]`);
  const from = fork?.from ?? "failed";
  const target = from === "failed" ? undefined : nearestKept(draft, from);
  if (root === undefined) return openContainer(draft, -1, { kind: "sequence", list: "tasks" });
  if (target === undefined) return reviveContainer(draft, -1, (run) => restartRun(draft, run));
  restartWhole(draft, draft.run(rewind(draft, target.index)));
}

/** The run, or the innermost flowable round it that has a place in this revision. */
function nearestKept(draft: Draft, index: number): TaskRun | undefined {
  const run = draft.state.runs.get(index);
  return run?.dropped ? nearestKept(draft, run.parent) : run;
}

/**
 * Takes out what came after the run, and opens the flowables round it again: the run itself is for the caller to move. Gives its index,
 * or that of the flowable that has to begin again as a whole.
 */
export function rewind(draft: Draft, index: number): number {
  const target = wholeOf(draft, index);
  const path = pathTo(draft, target);
  for (const [depth, via] of path.entries()) {
    reopen(draft, path[depth - 1]?.index ?? -1, via);
    if (via.index !== target) draft.move(via.index, "RUNNING", { error: undefined, losses: 0, waiting: undefined });
  }
  return target;
}

/** [W3] The run, or the outermost flowable round it that begins again as a whole. */
function wholeOf(draft: Draft, index: number): number {
  for (const { index: owner, container } of pathTo(draft, index)) {
    if (owner === index) break;
    const isOrdered = container !== undefined && isOrderedKind(container.expansion.kind);
    if (!isOrdered || container.place !== undefined) return owner;
  }
  return index;
}

/** The flowables' runs round a run, outermost first, and the run. */
function pathTo(draft: Draft, index: number): TaskRun[] {
  const path: TaskRun[] = [];
  for (let next = index; next >= 0; next = draft.run(next).parent) path.unshift(draft.run(next));
  return path;
}

/** Opens the container again at the place of `via`, which counts as not ended. */
function reopen(draft: Draft, owner: number, via: TaskRun): void {
  const container = draft.container(owner);
  if (container === undefined) return;
  if (via.stage !== "main") return reopenStage(draft, owner, container, via);
  for (const stage of [container.errors, container.finally, container.afterExecution])
    for (const index of stage) drop(draft, index);
  const lanes = lanesUpTo(draft, container, via);
  const others = [...lanes].filter((_, lane) => lane !== via.lane);
  const worst = others
    .flatMap((lane) => [...lane])
    .reduce<Rank>((rank, index) => worse(rank, keptRank(draft, index)), "SUCCESS");
  const { length } = shape(container.expansion, listOf(draft, owner, container.expansion.list).length);
  const lasts = others.flatMap((lane) => lane.last() ?? []).map((index) => draft.run(index));
  const stopped = lasts.filter(({ state }) => isStopped(state));
  const alive = lasts.filter(({ state }) => !isTerminal(state));
  const cut =
    worst === "FAILED"
      ? []
      : lasts.filter((run) => !isCutShort(run.state) && isTerminal(run.state) && run.slot + 1 < length);
  const empty = Vector.empty<number>();
  draft.setContainer(owner, {
    ...container,
    lanes,
    stage: "main",
    ended: false,
    finallyFailed: false,
    worst,
    active: 1 + stopped.length + alive.length + cut.length,
    errors: empty,
    finally: empty,
    afterExecution: empty,
  });
  for (const run of stopped) restartRun(draft, run);
  for (const run of cut) startPlace(draft, owner, run.lane, run.slot + 1);
  if (worst !== "FAILED") openLanes(draft, owner);
}

/** What a child that stays counts for: what was stopped will start again. */
function keptRank(draft: Draft, index: number): Rank {
  const { state } = draft.run(index);
  return isTerminal(state) && !isStopped(state) ? rankOf(state) : "SUCCESS";
}

function isStopped(state: TaskRun["state"]): boolean {
  return isCutShort(state) && state !== "FAILED";
}

/** The lanes that stay, without what came after `via`. */
function lanesUpTo(draft: Draft, { lanes, expansion }: Container, via: TaskRun): Vector<Vector<number>> {
  const oneByOne = expansion.kind === "each" && expansion.concurrency === 1;
  const kept: Vector<number>[] = [];
  for (const [lane, indices] of [...lanes].entries()) {
    const stays = (index: number) =>
      lane < via.lane || (lane === via.lane ? draft.run(index).slot <= via.slot : !oneByOne);
    for (const index of indices) if (!stays(index)) drop(draft, index);
    if (lane <= via.lane || !oneByOne) kept.push(Vector.from([...indices].filter(stays)));
  }
  return Vector.from(kept);
}

/** As `reopen`, at a task of `errors`, `finally` or `afterExecution`. */
function reopenStage(draft: Draft, owner: number, container: Container, via: TaskRun): void {
  const { stage } = via;
  if (stage === "main") return;
  const later =
    stage === "errors"
      ? (["finally", "afterExecution"] as const)
      : stage === "finally"
        ? (["afterExecution"] as const)
        : [];
  const [kept, gone] = [[...container[stage]], later.flatMap((name) => [...container[name]])];
  const after = kept.filter((index) => draft.run(index).slot > via.slot);
  for (const index of [...gone, ...after]) drop(draft, index);
  const empty = Object.fromEntries(later.map((name) => [name, Vector.empty<number>()]));
  const before = kept.filter((index) => draft.run(index).slot <= via.slot);
  const finallyFailed =
    stage === "finally" && before.some((index) => index !== via.index && draft.run(index).state === "FAILED");
  draft.setContainer(owner, {
    ...container,
    ...empty,
    [stage]: Vector.from(before),
    stage,
    ended: false,
    finallyFailed,
  });
}
