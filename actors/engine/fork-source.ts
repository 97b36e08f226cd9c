import type { CopiedRun } from "#schema/event.ts";
import { isTerminal } from "#schema/state.ts";
import type { Plan, PlanTask } from "./plan.ts";
import { type ExecutionState, isCutShort, isLanes, isOrderedKind, type TaskRun } from "./state.ts";

// What a fork takes over from an execution, and whether a revision has a place for it. The taking over itself is in fork.ts.

/** The task runs of the execution as another one takes them over, and the index that each has here. What ran after its end is left out. */
export function copyRuns(state: ExecutionState, plan: Plan): { runs: CopiedRun[]; indices: number[] } {
  const runs: CopiedRun[] = [];
  const indices: number[] = [];
  const copies = new Map<number, number>([[-1, -1]]);
  for (const run of state.runs) {
    const { stage } = run;
    const parent = copies.get(run.parent);
    if (run.dropped || parent === undefined || stage === "afterExecution") continue;
    copies.set(run.index, runs.length);
    indices.push(run.index);
    runs.push({ ...copyOf(run, plan), parent, stage });
  }
  return { runs, indices };
}

function copyOf(run: TaskRun, plan: Plan): Omit<CopiedRun, "parent" | "stage"> {
  const { value, iteration, outputs, error, container } = run;
  return {
    taskId: plan.tasks[run.task]?.id ?? "",
    lane: run.lane,
    state: run.state,
    histories: [...run.histories],
    attempts: [...run.attempts],
    ...(value === undefined ? {} : { value }),
    ...(iteration === undefined ? {} : { iteration }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(error === undefined ? {} : { error }),
    ...(container === undefined ? {} : { expansion: container.expansion }),
    ...(container?.place === undefined ? {} : { place: true as const }),
  };
}

/**
 * Why an execution of `plan` cannot go on from these task runs; undefined when it can. Only what stays is looked at: what comes after the
 * run `from` runs again anyway. The sentence names the task.
 */
export function forkProblem(plan: Plan, runs: readonly CopiedRun[], from: "failed" | number): string | undefined {
  const gone = new Set<number>();
  const order = new Map<string, number>();
  for (const [index, run] of runs.entries()) {
    if (gone.has(run.parent) || isAfter(runs, index, from)) {
      gone.add(index);
      continue;
    }
    const task = plan.tasks[plan.byId.get(run.taskId) ?? -1];
    const problem = task === undefined ? missing(run.taskId) : misplaced(plan, runs, run, task, order);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function missing(taskId: string): string {
  return `Task '${taskId}' has run, and is not in this revision or is disabled there: replay from the start, or from a task before it.`;
}

function misplaced(
  plan: Plan,
  runs: readonly CopiedRun[],
  run: CopiedRun,
  task: PlanTask,
  order: Map<string, number>,
): string | undefined {
  const parent = runs[run.parent];
  const here = plan.tasks[task.parent]?.id;
  const list = run.stage === "main" ? listOf(parent) : run.stage;
  const advice = "replay from the start, or from a task before it.";
  if (here !== parent?.taskId || (list !== undefined && list !== task.list)) {
    const where = (id: string | undefined) => (id === undefined ? "the flow itself" : `'${id}'`);
    return `Task '${task.id}' ran in ${where(parent?.taskId)}, and stands in ${where(here)} (\`${task.list}\`) in this revision: ${advice}`;
  }
  const lane = `${run.parent}/${run.stage}/${run.lane}`;
  const before = order.get(lane) ?? -1;
  if (task.slot < before && parent?.expansion?.kind !== "parallel" && parent?.expansion?.kind !== "dag")
    return `Task '${task.id}' stands earlier in this revision than when it ran: ${advice}`;
  order.set(lane, Math.max(before, task.slot));
  return undefined;
}

function listOf(parent: CopiedRun | undefined): string | undefined {
  if (parent === undefined) return "tasks";
  const { expansion } = parent;
  return expansion !== undefined && "list" in expansion ? expansion.list : undefined;
}

/** Indices of the runs that begin again in a fork from `from`, or are gone in it; all others are kept as they are. */
export function notKept(runs: readonly CopiedRun[], from: "failed" | number): ReadonlySet<number> {
  const first = from === "failed" ? from : wholeOf(runs, from);
  const gone = new Set<number>();
  for (const [index, run] of runs.entries()) {
    const isLost = first === "failed" ? beginsAgain(runs, run) : index === first || isAfter(runs, index, first);
    if (isLost || gone.has(run.parent)) gone.add(index);
  }
  return gone;
}

/** True for what begins again, or is gone, where a fork goes on from what had not ended well: as `restartRun` in rewind.ts has it. */
function beginsAgain(runs: readonly CopiedRun[], run: CopiedRun): boolean {
  const isOver = ({ state }: CopiedRun) => isTerminal(state) && !isCutShort(state);
  const isWhole = ({ expansion, place }: CopiedRun) => place || !isLanes(expansion) || expansion.kind === "loop-until";
  const parent = runs[run.parent];
  if (parent !== undefined && isOver(parent)) return false;
  return run.stage !== "main" || (parent !== undefined && isWhole(parent)) || (isWhole(run) && !isOver(run));
}

/** The run, or the outermost flowable round it that begins again as a whole: W3 of rewind.ts. */
function wholeOf(runs: readonly CopiedRun[], from: number): number {
  let whole = from;
  for (let at = runs[from]?.parent ?? -1; at >= 0; at = runs[at]?.parent ?? -1) {
    const { expansion, place } = runs[at] ?? {};
    if (place || expansion === undefined || !isOrderedKind(expansion.kind)) whole = at;
  }
  return whole;
}

const STAGES = ["main", "errors", "finally"] as const;

/** True when the run comes after the one that is gone back to, in a container of both. */
function isAfter(runs: readonly CopiedRun[], index: number, from: "failed" | number): boolean {
  const run = runs[index];
  if (run === undefined) return false;
  if (from === "failed") return run.stage !== "main";
  for (let at = from, via = runs[at]; via !== undefined; at = via.parent, via = runs[at]) {
    if (at === run.parent && at === from) return true;
    if (via.parent !== run.parent || at === index) continue;
    const later = STAGES.indexOf(run.stage) - STAGES.indexOf(via.stage);
    if (later !== 0) return later > 0;
    const expansion = runs[via.parent]?.expansion;
    const oneByOne = expansion?.kind === "each" && expansion.concurrency === 1;
    return run.lane === via.lane ? index > at && expansion?.kind !== "parallel" : oneByOne && run.lane > via.lane;
  }
  return false;
}
