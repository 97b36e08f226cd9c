import { assertNever } from "#schema/assert-never.ts";
import type { CopiedRun, EventOf } from "#schema/event.ts";
import { isTerminal, type TerminalState } from "#schema/state.ts";
import { start } from "./beginning.ts";
import type { Draft } from "./draft.ts";
import type { Handler } from "./handler.ts";
import { listOf, placeOf, type Rank, rankOf, worse } from "./lanes.ts";
import type { Plan, PlanTask } from "./plan.ts";
import {
  type Attempt,
  type Container,
  type ExecutionState,
  isLanes,
  type LanesExpansion,
  type Stage,
  type TaskRun,
} from "./state.ts";
import { Vector } from "./vector.ts";

// Executions that go on from what another one did: replay, restart with another revision. First the runs are copied, then the flowables
// get their children back, then it begins as every execution does, at the place the fork names.
//
// F1. A copied run keeps its index, so that a parent is found by it; one that has no place in this revision is dropped with what is below it.
// F2. What had not ended where it was copied from is taken over as KILLED: nobody runs it here.
// F3. Places are dense: a task that is new in this revision and stands before a copied one is SKIPPED.
// F4. Nothing is asked for before the execution begins; until then `fork` says where it goes on.

/** Task runs are taken over, then it goes on from the given place. */
export function forking(state: ExecutionState, event: EventOf<"runs-copied" | "fork-completed">): Handler | undefined {
  const isOpen = state.facts?.forked !== undefined && state.status === "CREATED" && state.root === undefined;
  if (!isOpen || state.fork !== undefined) return undefined;
  switch (event.kind) {
    case "runs-copied":
      return event.runs.length === 0 ? undefined : (draft) => copyAll(draft, event.runs);
    case "fork-completed":
      return (draft) => completed(draft, event);
    default:
      return assertNever(event);
  }
}

function copyAll(draft: Draft, runs: readonly CopiedRun[]): void {
  for (const run of runs) copyIn(draft, run);
}

function copyIn(draft: Draft, copied: CopiedRun): void {
  const index = draft.state.runs.size;
  const parent = draft.state.runs.get(copied.parent);
  const expansion = expansionOf(parent);
  const task = taskOf(draft.plan, copied, parent, expansion);
  const state: TerminalState = isTerminal(copied.state) ? copied.state : "KILLED";
  const { value, iteration, outputs, error, histories } = copied;
  const isLost = task === undefined || expansion === undefined;
  const place = isLost ? { lane: 0, slot: 0 } : placeIn(draft.plan, task, copied, expansion);
  draft.add({
    ...place,
    index,
    task: task?.n ?? 0,
    parent: copied.parent,
    stage: copied.stage,
    state,
    histories: histories.length > 0 ? histories : [{ state, at: draft.at }],
    attempts: copied.attempts.map((attempt) => closed(attempt, draft.at)),
    losses: 0,
    ...(value === undefined ? {} : { value }),
    ...(iteration === undefined ? {} : { iteration }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(error === undefined ? {} : { error }),
    ...(isLanes(copied.expansion)
      ? { container: { ...closedContainer(copied.expansion), ...(copied.place ? { place: NO_PLACE } : {}) } }
      : {}),
    ...(task === undefined ? { dropped: true } : {}),
  });
}

function closed(attempt: Attempt, at: number): Attempt {
  return attempt.to === undefined ? { ...attempt, state: "KILLED", to: at } : attempt;
}

function closedContainer(expansion: LanesExpansion): Container {
  const empty = Vector.empty<number>();
  const stages = { errors: empty, finally: empty, afterExecution: empty };
  return {
    expansion,
    stage: "main",
    lanes: Vector.empty(),
    active: 0,
    ...stages,
    worst: "SUCCESS",
    finallyFailed: false,
    ended: true,
  };
}

/** Of a directory that is not taken over only this is left: there was one. */
const NO_PLACE = { id: "", outputFiles: [] };

const ROOT: LanesExpansion = { kind: "sequence", list: "tasks" };

function expansionOf(parent: Pick<TaskRun, "container"> | undefined): LanesExpansion | undefined {
  return parent === undefined ? ROOT : parent.container?.expansion;
}

/** The task of this revision that the run is of; undefined when it has no such place here. */
function taskOf(
  plan: Plan,
  copied: Pick<CopiedRun, "taskId" | "parent" | "stage">,
  parent: Pick<TaskRun, "task" | "dropped"> | undefined,
  expansion: LanesExpansion | undefined,
): PlanTask | undefined {
  const task = plan.tasks[plan.byId.get(copied.taskId) ?? -1];
  if (task === undefined || expansion === undefined || (copied.parent >= 0 && (parent === undefined || parent.dropped)))
    return undefined;
  const isHere = task.parent === (parent?.task ?? -1);
  return isHere && task.list === (copied.stage === "main" ? expansion.list : copied.stage) ? task : undefined;
}

/** Lane and slot of the task among its siblings in this revision. */
function placeIn(
  plan: Plan,
  task: PlanTask,
  copied: CopiedRun,
  expansion: LanesExpansion,
): { lane: number; slot: number } {
  const { slot } = task;
  if (copied.stage !== "main") return { lane: 0, slot };
  switch (expansion.kind) {
    case "sequence":
    case "loop-until":
      return { lane: 0, slot };
    case "parallel":
    case "dag":
      return { lane: slot, slot: 0 };
    case "each": {
      if (!expansion.spread) return { lane: copied.lane, slot };
      const siblings = plan.tasks[task.parent]?.lists[task.list]?.length ?? 1;
      return { lane: (copied.iteration ?? 0) * siblings + slot, slot: 0 };
    }
  }
}

function completed(draft: Draft, event: EventOf<"fork-completed">): void {
  for (const [index, outputs] of Object.entries(event.outputs ?? {})) {
    const run = draft.state.runs.get(Number(index));
    if (run !== undefined) draft.update(run.index, { outputs });
  }
  const children = new Map<number, TaskRun[]>();
  for (const run of draft.state.runs) {
    if (run.dropped) continue;
    const siblings = children.get(run.parent);
    if (siblings === undefined) children.set(run.parent, [run]);
    else siblings.push(run);
  }
  if (children.size > 0) draft.setContainer(-1, closedContainer(ROOT));
  for (const [owner, runs] of children) giveChildren(draft, owner, runs);
  draft.set({ skips: event.skip ?? [], fork: { from: event.from } });
  start(draft);
}

/** Puts the copied children of a flowable, or of the execution for -1, back in their places. */
function giveChildren(draft: Draft, owner: number, runs: readonly TaskRun[]): void {
  const container = draft.container(owner);
  if (container === undefined) return;
  const lanes = dense(
    draft,
    owner,
    container,
    runs.filter(({ stage }) => stage === "main"),
  );
  const stageOf = (stage: Stage) => Vector.from(runs.filter((run) => run.stage === stage).map(({ index }) => index));
  const stages = { errors: stageOf("errors"), finally: stageOf("finally"), afterExecution: Vector.empty<number>() };
  const worst = runs
    .filter(({ stage }) => stage === "main")
    .reduce<Rank>((rank, { state }) => (isTerminal(state) ? worse(rank, rankOf(state)) : rank), "SUCCESS");
  const finallyFailed = runs.some(({ stage, state }) => stage === "finally" && state === "FAILED");
  const stage: Stage = stages.finally.size > 0 ? "finally" : stages.errors.size > 0 ? "errors" : "main";
  draft.setContainer(owner, { ...container, lanes, ...stages, stage, worst, finallyFailed });
}

/** The lanes of the container without a gap: where a task of this revision has no copied run, one that is SKIPPED. */
function dense(draft: Draft, owner: number, container: Container, runs: readonly TaskRun[]): Vector<Vector<number>> {
  const places = new Map<number, Map<number, number>>();
  for (const { lane, slot, index } of runs) {
    const slots = places.get(lane) ?? new Map<number, number>();
    places.set(lane, slots.set(slot, index));
  }
  const count = Math.max(-1, ...places.keys()) + 1;
  const lanes: Vector<number>[] = [];
  for (let lane = 0; lane < count; lane++) {
    const slots = places.get(lane) ?? new Map<number, number>();
    const length = Math.max(0, ...slots.keys()) + 1;
    const indices = Array.from(
      { length },
      (_, slot) => slots.get(slot) ?? skipped(draft, owner, container, lane, slot),
    );
    lanes.push(Vector.from(indices));
  }
  return Vector.from(lanes);
}

function skipped(draft: Draft, owner: number, container: Container, lane: number, slot: number): number {
  const index = draft.state.runs.size;
  const { task = listOf(draft, owner, container.expansion.list)[0] ?? 0, ...value } = placeOf(
    draft,
    owner,
    container,
    lane,
    slot,
  );
  const histories = [{ state: "SKIPPED", at: draft.at } as const];
  draft.add({
    index,
    task,
    parent: owner,
    stage: "main",
    lane,
    slot,
    ...value,
    state: "SKIPPED",
    histories,
    attempts: [],
    losses: 0,
  });
  return index;
}
