import type { JsonObject } from "#schema/json.ts";
import type { TerminalState } from "#schema/state.ts";
import { isTerminal } from "#schema/state.ts";
import { dependents, isReady } from "./dag.ts";
import type { Draft } from "./draft.ts";
import { drop, forget } from "./drops.ts";
import { isItemUnderWay } from "./item-records.ts";
import { pauseAfter } from "./pauses.ts";
import { askToClose } from "./place-end.ts";
import { endRun, softened, startTask, withdraw } from "./runs.ts";
import {
  type Container,
  isCutShort,
  type LanesExpansion,
  type PauseExpansion,
  type PlaceState,
  type Stage,
  type TaskRun,
} from "./state.ts";
import { askAfterTurn, asksAfterTurn, firstTurn, tellCount, turnsAfterRestart } from "./turns.ts";
import { Vector } from "./vector.ts";

// How a flowable, and the execution itself, moves through its children.
//
// C1. A lane runs one task at a time, in the order of its list; at most `concurrency` lanes are open.
// C2. After a child FAILED no lane opens and none goes on; `errors` runs if there is one, else the container ends at once.
// C3. `errors` and `finally` go on past a failed task of their own; a failed `finally` task fails the container.
// C4. The state of a container is the worst of its normal children, whatever `errors` did.
// C5. A KILLED child ends its container KILLED.
// C6. When a container ends, what lives below it and needs the container to go on ends KILLED; attempts that run
//     somewhere are left to finish, and change nothing but their own task run.
// C7. The task of a Dag starts when all it depends on has ended, in whatever state.
// C8. A failed turn of a tolerant loop ends alone: the others go on, and the loop's state is that of the others.
// C9. A loop that goes on until a condition holds has one turn at a time; the runs of a turn leave when the next begins.
// C10. After an exit no normal child starts; each container still goes through its `finally`.

const RANK = { SUCCESS: 0, WARNING: 1, FAILED: 2, KILLED: 3 } as const;
export type Rank = keyof typeof RANK;

export function worse(a: Rank, b: Rank): Rank {
  return RANK[b] > RANK[a] ? b : a;
}

export function rankOf(state: TerminalState): Rank {
  return state === "WARNING" || state === "FAILED" || state === "KILLED" ? state : "SUCCESS";
}

/** How many lanes the expansion has in all, and how long each is. */
export function shape(expansion: LanesExpansion, listLength: number): { lanes: number; length: number } {
  switch (expansion.kind) {
    case "sequence":
    case "loop-until":
      return { lanes: listLength === 0 ? 0 : 1, length: listLength };
    case "parallel":
    case "dag":
      return { lanes: listLength, length: 1 };
    case "each":
      return expansion.spread
        ? { lanes: expansion.values.length * listLength, length: 1 }
        : { lanes: listLength === 0 ? 0 : expansion.values.length, length: listLength };
  }
}

export function listOf(draft: Draft, owner: number, name: string): readonly number[] {
  const lists = owner < 0 ? draft.plan.lists : draft.task(draft.run(owner)).lists;
  return (Object.hasOwn(lists, name) ? lists[name] : undefined) ?? [];
}

/** The task a place in a container stands for, and the iteration value its run gets. */
export function placeOf(
  draft: Draft,
  owner: number,
  container: Container,
  lane: number,
  slot: number,
): { task: number | undefined; value?: string; iteration?: number } {
  const { expansion } = container;
  const list = listOf(draft, owner, expansion.list);
  if (expansion.kind === "sequence") return { task: list[slot] };
  if (expansion.kind === "loop-until") return { task: list[slot], iteration: container.loop?.turn };
  if (expansion.kind === "parallel" || expansion.kind === "dag") return { task: list[lane] };
  if (!expansion.spread) return { task: list[slot], value: expansion.values[lane], iteration: lane };
  const iteration = Math.floor(lane / list.length);
  return { task: list[lane % list.length], value: expansion.values[iteration], iteration };
}

/** What a container has beside its children: a directory they share, or what its run becomes when they are over. */
export type ContainerMore = { place?: PlaceState; after?: PauseExpansion };

/** Gives the flowable `owner` (-1: the execution) its children and starts the first of them. */
export function openContainer(draft: Draft, owner: number, expansion: LanesExpansion, more: ContainerMore = {}): void {
  const isLoop = expansion.kind === "loop-until";
  draft.setContainer(owner, {
    expansion,
    stage: "main",
    lanes: lanesAtFirst(draft, owner, expansion),
    active: 0,
    errors: Vector.empty(),
    finally: Vector.empty(),
    afterExecution: Vector.empty(),
    worst: "SUCCESS",
    finallyFailed: false,
    ended: false,
    ...(isLoop ? { loop: firstTurn(draft) } : {}),
    ...more,
  });
  if (isLoop) tellCount(draft, owner, 1);
  openLanes(draft, owner);
}

function lanesAtFirst(draft: Draft, owner: number, expansion: LanesExpansion): Vector<Vector<number>> {
  if (expansion.kind !== "dag") return Vector.empty();
  return Vector.from(listOf(draft, owner, expansion.list).map(() => Vector.empty<number>()));
}

/**
 * Opens as many lanes as may be open; ends the main stage when there is none left. `ended`: the lane whose end may let others of a Dag
 * open; left out, all are looked at.
 */
export function openLanes(draft: Draft, owner: number, ended?: number): void {
  for (let from = 0; ; ) {
    const container = draft.container(owner);
    if (container === undefined || container.stage !== "main" || container.ended) return;
    const { expansion, active } = container;
    const concurrency = "concurrency" in expansion ? expansion.concurrency : 1;
    if (concurrency > 0 && active >= concurrency) return;
    const lane = laneToOpen(draft, owner, container, from, ended);
    if (lane === undefined) {
      if (active === 0) mainOver(draft, owner, container);
      return;
    }
    from = lane + 1;
    const isThere = lane < container.lanes.size;
    const lanes = isThere ? container.lanes : draft.pushTo(container.lanes, Vector.empty<number>());
    draft.setContainer(owner, { ...container, lanes, active: active + 1 });
    if (!startPlace(draft, owner, lane, 0)) return;
  }
}

/** The next lane that may open, none before `from`; undefined when there is none. */
function laneToOpen(
  draft: Draft,
  owner: number,
  container: Container,
  from: number,
  ended: number | undefined,
): number | undefined {
  const { expansion } = container;
  const { lanes } = shape(expansion, listOf(draft, owner, expansion.list).length);
  if (expansion.kind !== "dag") return container.lanes.size < lanes ? container.lanes.size : undefined;
  // Without a limit everything that could open before has opened: only what waited for `ended` can have become ready.
  if (ended !== undefined && expansion.concurrency === 0)
    return dependents(expansion, ended).find((lane) => lane >= from && isReady(draft, container, expansion, lane));
  for (let lane = from; lane < lanes; lane++) if (isReady(draft, container, expansion, lane)) return lane;
  return undefined;
}

/** Starts the task at a place of the main stage; false when the execution may have no more task runs. */
export function startPlace(draft: Draft, owner: number, lane: number, slot: number): boolean {
  const container = draft.container(owner);
  if (container === undefined) return false;
  const place = placeOf(draft, owner, container, lane, slot);
  if (place.task === undefined) throw new Error(`No task at lane ${lane}, slot ${slot}`);
  const index = draft.state.runs.size;
  const runs = container.lanes.get(lane) ?? Vector.empty<number>();
  draft.setContainer(owner, { ...container, lanes: draft.setIn(container.lanes, lane, draft.pushTo(runs, index)) });
  return startTask(draft, {
    task: place.task,
    parent: owner,
    stage: "main",
    lane,
    slot,
    value: place.value,
    iteration: place.iteration,
  });
}

/** What follows in its container from the end of `child`. */
export function childEnded(draft: Draft, child: TaskRun): void {
  const owner = child.parent;
  const container = draft.container(owner);
  if (container === undefined || child.dropped || !isTerminal(child.state)) return;
  if (container.ended && child.stage !== "afterExecution") return;
  if (draft.state.exit !== undefined && (container.stage === "main" || container.stage === "errors")) {
    draft.setContainer(owner, { ...container, worst: draft.state.exit });
    return endMain(draft, owner);
  }
  if (child.stage === "main") return mainChildEnded(draft, owner, container, child, rankOf(child.state));
  if (child.stage !== container.stage) return;
  if (child.stage === "finally" && child.state === "FAILED")
    draft.setContainer(owner, { ...container, finallyFailed: true });
  startStageTask(draft, owner, child.stage, child.slot + 1);
}

function mainChildEnded(draft: Draft, owner: number, before: Container, child: TaskRun, ended: Rank): void {
  if (before.stage === "finally") return;
  const isTolerant = before.expansion.kind === "each" && before.expansion.tolerant === true;
  const rank = isTolerant && ended !== "KILLED" ? "SUCCESS" : ended;
  const container = { ...before, worst: worse(before.worst, rank) };
  draft.setContainer(owner, container);
  if (container.stage !== "main") return;
  if (rank === "KILLED") return endContainer(draft, owner, "KILLED");
  if (container.worst === "FAILED") {
    if (listOf(draft, owner, "errors").length === 0) return endMain(draft, owner);
    return startStageTask(draft, owner, "errors", 0);
  }
  const { length } = shape(container.expansion, listOf(draft, owner, container.expansion.list).length);
  if (child.slot + 1 < length && !(isTolerant && ended === "FAILED")) {
    startPlace(draft, owner, child.lane, child.slot + 1);
    return;
  }
  draft.setContainer(owner, { ...container, active: container.active - 1 });
  openLanes(draft, owner, child.lane);
}

/** The next turn of a loop: the runs of the last one leave. */
export function startTurn(draft: Draft, owner: number): void {
  const container = draft.container(owner);
  if (container?.loop === undefined) return;
  for (const lane of container.lanes)
    for (const index of lane) {
      drop(draft, index);
      forget(draft, index);
    }
  const turn = container.loop.turn + 1;
  draft.setContainer(owner, { ...container, lanes: Vector.empty(), active: 0, loop: { ...container.loop, turn } });
  tellCount(draft, owner, turn + 1);
  openLanes(draft, owner);
}

/** The loop is over; `worst` when that is worse than what its turns were. */
export function endLoop(draft: Draft, owner: number, worst: Rank = "SUCCESS"): void {
  const container = draft.container(owner);
  if (container === undefined) return;
  draft.setContainer(owner, { ...container, worst: worse(container.worst, worst) });
  endMain(draft, owner);
}

/** All normal children are over, and none has failed. */
function mainOver(draft: Draft, owner: number, container: Container): void {
  if (owner >= 0 && asksAfterTurn(container)) askAfterTurn(draft, owner, container);
  else endMain(draft, owner);
}

/** Starts task `slot` of a later stage, or what comes after the stage. */
export function startStageTask(draft: Draft, owner: number, stage: Exclude<Stage, "main">, slot: number): void {
  const container = draft.container(owner);
  if (container === undefined) return;
  const task = listOf(draft, owner, stage)[slot];
  if (task !== undefined) {
    const runs = draft.pushTo(container[stage], draft.state.runs.size);
    draft.setContainer(owner, { ...container, stage, [stage]: runs });
    startTask(draft, { task, parent: owner, stage, lane: 0, slot });
    return;
  }
  if (stage === "errors") endMain(draft, owner);
  else if (stage === "finally") endStages(draft, owner);
}

/** The normal children and `errors` are over: `finally`, else the end. */
function endMain(draft: Draft, owner: number): void {
  const container = draft.container(owner);
  if (container === undefined || container.ended) return;
  if (listOf(draft, owner, "finally").length === 0) return endStages(draft, owner);
  draft.setContainer(owner, { ...container, stage: "finally" });
  abandon(draft, [...container.lanes, container.errors]);
  startStageTask(draft, owner, "finally", 0);
}

function endStages(draft: Draft, owner: number): void {
  const container = draft.container(owner);
  if (container === undefined) return;
  endContainer(draft, owner, container.finallyFailed ? worse(container.worst, "FAILED") : container.worst);
}

/** Ends the flowable `owner` (-1: the execution's tasks) in `state`, before its allowFailure and allowWarning. */
export function endContainer(draft: Draft, owner: number, state: Rank): void {
  const container = draft.container(owner);
  if (container === undefined || container.ended) return;
  draft.setContainer(owner, { ...container, ended: true });
  abandon(draft, [...container.lanes, container.errors, container.finally]);
  if (owner < 0) {
    draft.rootEnded = state;
    return;
  }
  if (container.place !== undefined && askToClose(draft, owner, state)) return;
  const run = draft.run(owner);
  const { after } = container;
  if (after !== undefined && (state === "SUCCESS" || state === "WARNING") && draft.state.exit === undefined)
    return pauseAfter(draft, run, after);
  draft.move(owner, softened(draft, run, state), { ...gathered(draft, owner), waiting: undefined });
  draft.ended.push(owner);
}

/** The outputs of a flowable that takes over some of its tasks'. */
function gathered(draft: Draft, owner: number): { outputs?: JsonObject } {
  const { outputs = {}, container } = draft.run(owner);
  if (container?.expansion.kind !== "sequence" || container.expansion.gathers === undefined) return {};
  const lane = container.lanes.get(0);
  const taken = container.expansion.gathers.flatMap(({ name, slot, from }) => {
    const index = lane?.get(slot);
    const value = index === undefined ? undefined : draft.run(index).outputs?.[from];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { outputs: { ...outputs, ...Object.fromEntries(taken) } };
}

/** Ends, KILLED, what lives in these lanes and cannot go on without its container; running attempts are left alone. */
export function abandon(draft: Draft, lanes: Iterable<Vector<number>>): void {
  for (const lane of lanes) {
    const index = lane.last();
    if (index === undefined) continue;
    const run = draft.run(index);
    if (isTerminal(run.state)) continue;
    if (run.container?.ended === false) endContainer(draft, index, "KILLED");
    else if (!isUnderWay(run)) {
      withdraw(draft, run);
      endRun(draft, index, "KILLED", {});
    }
  }
}

/** True for an attempt that runs somewhere and needs nothing of its container to end. */
function isUnderWay({ waiting, items }: TaskRun): boolean {
  if (waiting?.kind === "items") return items !== undefined && isItemUnderWay(items);
  return waiting?.kind === "answer" || waiting?.kind === "subflow";
}

/** Goes on where a restart left this container: failed places start again, lanes cut short go on, unopened ones open. */
export function reviveContainer(draft: Draft, owner: number, restart: (run: TaskRun) => void): void {
  const container = draft.container(owner);
  if (container === undefined) return;
  for (const stage of [container.errors, container.finally, container.afterExecution])
    for (const index of stage) drop(draft, index);
  const { length } = shape(container.expansion, listOf(draft, owner, container.expansion.list).length);
  let worst: Rank = "SUCCESS";
  const unfinished: TaskRun[] = [];
  const cut: TaskRun[] = [];
  for (const lane of container.lanes) {
    for (const index of lane) {
      const { state } = draft.run(index);
      if (state === "WARNING") worst = worse(worst, "WARNING");
    }
    const index = lane.last();
    if (index === undefined) continue;
    const run = draft.run(index);
    if (isCutShort(run.state) || !isTerminal(run.state)) unfinished.push(run);
    else if (run.slot + 1 < length) cut.push(run);
  }
  const empty = Vector.empty<number>();
  draft.setContainer(owner, {
    ...container,
    stage: "main",
    ended: false,
    finallyFailed: false,
    worst,
    active: unfinished.length + cut.length,
    errors: empty,
    finally: empty,
    afterExecution: empty,
    ...(container.loop === undefined ? {} : { loop: turnsAfterRestart(draft, container.loop) }),
  });
  for (const run of unfinished) if (isTerminal(run.state)) restart(run);
  for (const run of cut) startPlace(draft, owner, run.lane, run.slot + 1);
  openLanes(draft, owner);
}
