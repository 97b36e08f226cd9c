import { createReducer, type Plan, type Reduce, type TaskRun } from "#engine/index.ts";
import { isTerminal } from "#schema/state.ts";
import { around, type Mutant, runOf } from "./mutant.ts";

// Mistakes in what the reducer decides.

/** After a kill, runs for which `spared` holds stay as they were. */
function killMisses(spared: (run: TaskRun) => boolean): (plan: Plan) => Reduce {
  return around((reduce) => (before, event) => {
    const step = reduce(before, event);
    if (event.kind !== "kill-requested" || step.state === before) return step;
    let { runs } = step.state;
    for (const run of before.runs) if (spared(run) && !run.dropped) runs = runs.set(run.index, run);
    return { ...step, state: { ...step.state, runs } };
  });
}

export const REDUCERS: readonly Mutant[] = [
  {
    name: "an answer counts whatever effect it answers",
    rule: "I1",
    reducer: around((reduce) => (state, event) => {
      const waiting = event.kind === "task-finished" ? runOf(state, event)?.waiting : undefined;
      if (event.kind !== "task-finished" || waiting?.kind !== "answer") return reduce(state, event);
      return reduce(state, { ...event, effect: waiting.effect });
    }),
  },
  {
    name: "a second answer is put into the log",
    rule: "I1",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      const isAnswer = event.kind === "task-finished" && runOf(state, event) !== undefined;
      return step.state === state && isAnswer ? { state: { ...state, seq: state.seq + 1 }, effects: [] } : step;
    }),
  },
  {
    name: "a timer nobody waits for ends the attempt that runs",
    rule: "A4",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      const waiting = event.kind === "timer-fired" ? runOf(state, event)?.waiting : undefined;
      if (step.state !== state || waiting?.kind !== "answer") return step;
      return reduce(state, {
        kind: "task-finished",
        at: event.at,
        effect: waiting.effect,
        answer: { state: "SUCCESS" },
      });
    }),
  },
  { name: "a kill misses what is retrying", rule: "I3", reducer: killMisses((run) => run.waiting?.kind === "retry") },
  { name: "a kill misses what is queued", rule: "I3", reducer: killMisses((run) => run.waiting?.kind === "start") },
  { name: "a kill misses what is paused", rule: "I3", reducer: killMisses((run) => run.waiting?.kind === "pause") },
  {
    name: "an attempt that was lost is asked for under its old id",
    rule: "A2",
    reducer: around((reduce) => (before, event) => {
      const step = reduce(before, event);
      const run = event.kind === "task-lost" ? runOf(step.state, event) : undefined;
      if (event.kind !== "task-lost" || run?.waiting?.kind !== "start" || step.state === before) return step;
      const { effect } = event;
      const runs = step.state.runs.set(run.index, { ...run, waiting: { kind: "start", effect } });
      const effects = step.effects.map((each) => (each.kind === "run-task" ? { ...each, id: effect } : each));
      return { state: { ...step.state, runs }, effects };
    }),
  },
  {
    name: "a task is tried once more than its policy says",
    rule: "I16",
    reducer: (plan) =>
      createReducer({
        ...plan,
        tasks: plan.tasks.map((task) =>
          task.retry ? { ...task, retry: { ...task.retry, maxAttempts: task.retry.maxAttempts + 1 } } : task,
        ),
      }),
  },
  {
    name: "a late answer revives what has ended",
    rule: "I2",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      if (step.state !== state || event.kind !== "task-finished" || !isTerminal(state.status)) return step;
      return { state: { ...state, seq: state.seq + 1, status: "RUNNING" }, effects: [] };
    }),
  },
  {
    name: "a child's end is not heard while the parent is paused",
    rule: "I12",
    reducer: around(
      (reduce) => (state, event) =>
        event.kind === "subflow-finished" && state.status === "PAUSED" ? { state, effects: [] } : reduce(state, event),
    ),
  },
  {
    name: "a resume forgets to let go what was held back",
    rule: "I11",
    reducer: around((reduce) => (before, event) => {
      const step = reduce(before, event);
      if (event.kind !== "resume-requested" || step.state === before) return step;
      return { state: step.state, effects: step.effects.filter((effect) => effect.kind !== "run-task") };
    }),
  },
  {
    name: "an answer counts after a kill",
    rule: "I3",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      const run = event.kind === "task-finished" ? runOf(step.state, event) : undefined;
      if (event.kind !== "task-finished" || run?.state !== "KILLED" || step.state === state) return step;
      const runs = step.state.runs.set(run.index, { ...run, state: event.answer.state });
      return { ...step, state: { ...step.state, runs } };
    }),
  },
  {
    name: "a resume counts twice",
    rule: "I13",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      if (step.state === state || event.kind !== "resume-requested") return step;
      const again = reduce(step.state, event);
      return { state: { ...again.state, seq: step.state.seq }, effects: [...step.effects, ...again.effects] };
    }),
  },
  {
    name: "a pause is over and its timer still counts",
    rule: "I13",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      const run = event.kind === "timer-fired" ? runOf(state, event) : undefined;
      const wasPaused = run?.histories.some((entry) => entry.state === "PAUSED") && isTerminal(run.state);
      if (step.state !== state || run === undefined || !wasPaused || run.dropped) return step;
      const histories = [...run.histories, { state: "FAILED" as const, at: event.at }];
      const runs = state.runs.set(run.index, { ...run, state: "FAILED", histories });
      return { state: { ...state, seq: state.seq + 1, at: event.at, runs }, effects: [] };
    }),
  },
  { name: "a parent is told at each retry of its child", rule: "I12", reducer: around(tellsTooSoon) },
  {
    name: "the outputs of an attempt that failed stay",
    rule: "I20",
    reducer: around((reduce) => (state, event) => {
      const step = reduce(state, event);
      const [was, run] = [runOf(state, event), runOf(step.state, event)];
      if (event.kind !== "task-finished" || was?.outputs === undefined || run === undefined) return step;
      const runs = step.state.runs.set(run.index, { ...run, outputs: was.outputs });
      return step.state === state ? step : { ...step, state: { ...step.state, runs } };
    }),
  },
  {
    name: "errors run although a retry is left",
    rule: "MODEL",
    reducer: (plan) =>
      createReducer({
        ...plan,
        tasks: plan.tasks.map((task) => ({ ...task, retry: task.retry && { ...task.retry, maxAttempts: 1 } })),
      }),
  },
  {
    name: "what allowFailure softened fails its flowable",
    rule: "MODEL",
    reducer: (plan) =>
      createReducer({
        ...plan,
        tasks: plan.tasks.map((task) => ({
          ...task,
          task: { ...task.task, allowFailure: task.parent < 0 && task.task.allowFailure === true },
        })),
      }),
  },
];

function tellsTooSoon(reduce: Reduce): Reduce {
  return (before, event) => {
    const step = reduce(before, event);
    const { state } = step;
    const parent = state.facts?.parent;
    if (parent === undefined || state.retrying <= before.retrying) return step;
    const counter = state.counter + 1;
    const told = {
      kind: "notify-parent" as const,
      id: `x:${counter}`,
      parent,
      state: "FAILED" as const,
      outputs: undefined,
    };
    return { state: { ...state, counter, pending: [...state.pending, told] }, effects: [...step.effects, told] };
  };
}
