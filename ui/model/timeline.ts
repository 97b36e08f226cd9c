import type { ExecutionJson, TaskRunJson } from "#schema/execution.ts";
import type { EpochMs } from "#schema/json.ts";
import { isTerminal, type State } from "#schema/state.ts";
import { parseInstant } from "./time.ts";

// The Gantt of an execution, without pixels.
//
// T1. Rows keep the order of creation, children directly under their parent; the turns of a loop stay together.
// T2. A row that is not finished has no `toMs`: the view draws it up to now, the model never asks for the time.
// T3. A task run whose parent is unknown stands at the top: nothing is hidden by a gap in the data.

export type Segment = {
  state: State;
  fromMs: EpochMs;
  /** Left out while the state lasts. */
  toMs?: EpochMs;
};

export type TimelineRow = {
  id: string;
  taskId: string;
  value?: string;
  iteration?: number;
  depth: number;
  state: State;
  fromMs: EpochMs;
  toMs?: EpochMs;
  /** One for each state it was in, without the last when that is terminal. */
  segments: readonly Segment[];
  attempts: number;
  childCount: number;
  outputs: TaskRunJson["outputs"];
};

export type Timeline = {
  rows: readonly TimelineRow[];
  fromMs: EpochMs;
  /** Left out while the execution runs. */
  toMs?: EpochMs;
};

/** The rows of `execution`; children of the task runs in `folded` are left out. */
export function computeTimeline(execution: ExecutionJson, folded: ReadonlySet<string> = new Set()): Timeline {
  const runs = execution.taskRunList ?? [];
  const known = new Set(runs.map((run) => run.id));
  const children = new Map<string | undefined, TaskRunJson[]>();
  for (const run of runs) {
    const parent =
      run.parentTaskRunId !== undefined && known.has(run.parentTaskRunId) ? run.parentTaskRunId : undefined;
    const list = children.get(parent);
    if (list) list.push(run);
    else children.set(parent, [run]);
  }
  const rows: TimelineRow[] = [];
  // A stack, not recursion: loops may nest as deep as a user likes.
  const stack = (children.get(undefined) ?? []).toReversed().map((run) => ({ run, depth: 0 }));
  for (let next = stack.pop(); next; next = stack.pop()) {
    const own = children.get(next.run.id) ?? [];
    rows.push(timelineRow(next.run, next.depth, own.length));
    if (folded.has(next.run.id)) continue;
    for (const child of byTurn(own).toReversed()) stack.push({ run: child, depth: next.depth + 1 });
  }
  const fromMs = parseInstant(execution.state.startDate) ?? rows[0]?.fromMs ?? 0;
  const toMs = isTerminal(execution.state.current) ? parseInstant(execution.state.endDate) : undefined;
  // afterExecution tasks run past the end.
  const lastMs = rows.reduce((last, row) => Math.max(last, row.toMs ?? last), toMs ?? 0);
  return toMs === undefined ? { rows, fromMs } : { rows, fromMs, toMs: Math.max(toMs, lastMs, fromMs + 1) };
}

/** Children of a loop by turn, in the order the turns began. */
function byTurn(runs: readonly TaskRunJson[]): readonly TaskRunJson[] {
  if (!runs.some((run) => run.value !== undefined)) return runs;
  const turns = new Map<string | undefined, TaskRunJson[]>();
  for (const run of runs) {
    const turn = run.iteration === undefined ? run.value : String(run.iteration);
    const list = turns.get(turn);
    if (list) list.push(run);
    else turns.set(turn, [run]);
  }
  return [...turns.values()].flat();
}

function timelineRow(run: TaskRunJson, depth: number, childCount: number): TimelineRow {
  const steps = run.state.histories.flatMap(({ state, date }) => {
    const at = parseInstant(date);
    return at === undefined ? [] : [{ state, at }];
  });
  const segments = steps.flatMap(({ state, at }, index): Segment[] => {
    const next = steps[index + 1];
    if (isTerminal(state)) return [];
    return [next ? { state, fromMs: at, toMs: next.at } : { state, fromMs: at }];
  });
  const row: TimelineRow = {
    id: run.id,
    taskId: run.taskId,
    depth,
    state: run.state.current,
    fromMs: steps[0]?.at ?? parseInstant(run.state.startDate) ?? 0,
    segments,
    attempts: run.attempts.length,
    childCount,
    outputs: run.outputs,
  };
  if (run.value !== undefined) row.value = run.value;
  if (run.iteration !== undefined) row.iteration = run.iteration;
  const last = steps.at(-1);
  if (last && isTerminal(last.state)) row.toMs = last.at;
  return row;
}

const STEP_SECONDS = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
  14_400, 21_600, 43_200, 86_400,
];

/** Round offsets from the start, in ms, at most `most` of them, the first 0. */
export function computeTicks(spanMs: number, most: number): readonly number[] {
  if (!(spanMs > 0) || most < 2) return [0];
  const wanted = spanMs / 1000 / (most - 1);
  const fitting = STEP_SECONDS.find((step) => step >= wanted);
  const stepMs = (fitting ?? Math.ceil(wanted / 86_400) * 86_400) * 1000;
  const ticks: number[] = [];
  for (let at = 0; at <= spanMs; at += stepMs) ticks.push(at);
  return ticks;
}

/** Where a segment is drawn, in parts of the whole: 0 is the start, 1 the end. */
export function computeBar(
  segment: { fromMs: EpochMs; toMs?: EpochMs },
  span: { fromMs: EpochMs; toMs: EpochMs },
): { left: number; width: number; end: number } {
  const whole = Math.max(1, span.toMs - span.fromMs);
  const left = clamp((segment.fromMs - span.fromMs) / whole);
  const right = clamp(((segment.toMs ?? span.toMs) - span.fromMs) / whole);
  return { left, width: Math.max(0, right - left), end: Math.max(left, right) };
}

function clamp(part: number): number {
  return Math.min(1, Math.max(0, part));
}
