// Drives the reducer through a whole execution, every effect answered at once, and measures it.
import { compilePlan } from "#engine/plan.ts";
import { createReducer } from "#engine/reduce.ts";
import { type ExecutionState, initialState } from "#engine/state.ts";
import { flowOf, task } from "#engine/testing.ts";
import type { Effect } from "#schema/effect.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import type { Flow } from "#schema/flow.ts";
import { isTerminal } from "#schema/state.ts";

export function sequenceFlow(tasks: number): Flow {
  return flowOf(Array.from({ length: tasks }, (_, index) => task(`t${index}`)));
}

export function parallelFlow(branches: number): Flow {
  const tasks = Array.from({ length: branches }, (_, index) => task(`t${index}`));
  return flowOf([task("fan", { type: PARALLEL, lists: { tasks } })]);
}

const PARALLEL = "io.kestra.plugin.core.flow.Parallel";
const ANSWER = { state: "SUCCESS", outputs: { value: "x".repeat(20) } } as const;

export interface Drive {
  readonly state: ExecutionState;
  readonly events: number;
  readonly totalMs: number;
  /** The last tenth of the events. */
  readonly lastEvents: number;
  readonly lastMs: number;
}

/** Runs the flow to its end. `runs`: how many answers it needs, about. */
export function drive(flow: Flow, runs: number): Drive {
  const plan = compilePlan(flow);
  const reduce = createReducer(plan);
  let state = initialState();
  let events = 0;
  const waiting: Effect[] = [];
  const apply = (event: ExecutionEvent) => {
    const step = reduce(state, event);
    state = step.state;
    events += 1;
    waiting.push(...step.effects);
  };
  const lastFrom = Math.floor(runs * 0.9);
  const startMs = performance.now();
  let lastStartMs = startMs;
  let lastStart = 0;
  apply(createdEvent());
  for (let next = 0; next < waiting.length; next++) {
    if (events === lastFrom) {
      lastStartMs = performance.now();
      lastStart = events;
    }
    const effect = waiting[next];
    if (effect === undefined) continue;
    const answer = answerTo(effect, (run) => plan.tasks[state.runs.get(run)?.task ?? -1]?.type === PARALLEL);
    if (answer) apply(answer);
  }
  const endMs = performance.now();
  if (!isTerminal(state.status)) throw new Error(`The execution is ${state.status} after ${events} events`);
  return { state, events, totalMs: endMs - startMs, lastEvents: events - lastStart, lastMs: endMs - lastStartMs };
}

function answerTo(effect: Effect, isFan: (run: number) => boolean): ExecutionEvent | undefined {
  const at = 1_000;
  if (effect.kind === "render-outputs") return { kind: "outputs-rendered", at, effect: effect.id };
  if (effect.kind !== "run-task") return undefined;
  if (!isFan(effect.run)) return { kind: "task-finished", at, effect: effect.id, answer: ANSWER };
  return {
    kind: "task-expanded",
    at,
    effect: effect.id,
    expansion: { kind: "parallel", list: "tasks", concurrency: 0 },
  };
}

function createdEvent(): ExecutionEvent {
  return {
    kind: "execution-created",
    at: 1_000,
    id: "0123456789012345678900",
    tenant: "main",
    namespace: "test",
    flowId: "flow",
    flowRevision: 1,
    inputs: {},
    labels: [],
  };
}
