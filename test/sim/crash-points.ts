import type { Flow, Retry, Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import { emptyFlow } from "./flows.ts";
import type { Settings } from "./settings.ts";
import { Simulation } from "./simulate.ts";

// Crash-point enumeration: a flow is run once in peace, and then again and again, each time with one death at another write. However it
// dies, it must end as it did in peace.

const leaf = (id: string, type: string, properties: JsonObject = {}, more: Partial<Task> = {}): Task => ({
  id,
  type: `sim.${type}`,
  properties: { failures: 0, ...properties },
  lists: {},
  ...more,
});

const group = (
  id: string,
  type: string,
  tasks: readonly Task[],
  properties: JsonObject = {},
  more: Partial<Task> = {},
): Task => ({
  ...leaf(id, type, { concurrency: 0, ...properties }, more),
  lists: { tasks, ...more.lists },
});

const retry: Retry = {
  type: "constant",
  intervalMs: 1_000,
  maxIntervalMs: undefined,
  minIntervalMs: undefined,
  delayFactor: 2,
  maxAttempts: 3,
  maxDurationMs: undefined,
  warningOnRetry: false,
  behavior: "RETRY_FAILED_TASK",
};

const edge = (id: string, properties: JsonObject = {}, more: Partial<Task> = {}) => leaf(id, "Edge", properties, more);
const inline = (id: string, properties: JsonObject = {}, more: Partial<Task> = {}) =>
  leaf(id, "Inline", properties, more);
const subflow = (id: string, properties: JsonObject = {}, more: Partial<Task> = {}) =>
  leaf(id, "Subflow", { flow: "child", wait: true, transmitFailed: true, ...properties }, more);

function flow(id: string, tasks: readonly Task[], more: Partial<Flow> = {}): Flow {
  return { ...emptyFlow(id), tasks, ...more };
}

const CHILD = flow("child", [edge("c1"), inline("c2")], { outputs: [{ id: "out", type: "STRING", value: "x" }] });
const SAD_CHILD = flow("child", [edge("c1", { failures: 5 })]);

/** Each with the flows that it starts. */
export const CRASH_FLOWS: readonly (readonly Flow[])[] = [
  [flow("inline-tasks", [inline("a"), inline("b"), inline("c")])],
  [flow("edge-tasks", [edge("a"), edge("b")])],
  [flow("agent-tasks", [leaf("a", "Agent"), leaf("b", "Agent")])],
  [flow("lookups", [leaf("a", "Lookup"), leaf("b", "Secret")])],
  [flow("nested-sequences", [group("s", "Sequence", [edge("a"), group("t", "Sequence", [edge("b")])])])],
  [flow("parallel", [group("p", "Parallel", [edge("a"), inline("b"), edge("c")]), inline("d")])],
  [flow("limited-parallel", [group("p", "Parallel", [edge("a"), edge("b"), edge("c")], { concurrency: 1 })])],
  [flow("each", [group("e", "Each", [edge("a"), inline("b")], { values: ["x", "y", "z"] })])],
  [flow("each-in-turn", [group("e", "Each", [edge("a")], { values: ["x", "y"], concurrency: 1 })])],
  [flow("spread", [group("e", "Each", [edge("a"), edge("b")], { values: ["x", "y"], spread: true })])],
  [flow("retry", [edge("a", { failures: 2 }, { retry }), inline("b")])],
  [flow("retry-in-vain", [edge("a", { failures: 5 }, { retry })], { errors: [edge("e")] })],
  [
    flow("errors-finally", [edge("a", { failures: 5 })], {
      errors: [inline("e")],
      finally: [edge("f")],
      afterExecution: [edge("z")],
    }),
  ],
  [flow("soft-failure", [edge("a", { failures: 5 }, { allowFailure: true }), edge("b")])],
  [flow("pause", [inline("a"), leaf("p", "Pause", { delayMs: 2_000, behavior: "RESUME" }), edge("b")])],
  [
    flow("sleep", [leaf("s", "Sleep", { delayMs: 3_000 }), edge("b")], {
      outputs: [{ id: "out", type: "STRING", value: "x" }],
    }),
  ],
  [flow("subflow", [subflow("s"), edge("b")]), CHILD],
  [flow("subflow-left-alone", [subflow("s", { wait: false }), edge("b")]), CHILD],
  [flow("sad-subflow", [subflow("s", {}, { allowFailure: true }), inline("b")]), SAD_CHILD],
  [
    flow("mixed", [
      group("p", "Parallel", [
        group("e", "Each", [subflow("s"), edge("a")], { values: ["x", "y"] }),
        group("q", "Sequence", [leaf("w", "Pause", { delayMs: 500, behavior: "WARN" }), leaf("g", "Agent")]),
      ]),
      leaf("r", "Reader"),
    ]),
    CHILD,
  ],
];

export type Point = { write: number; when: "before" | "after" };

/** What must be the same however often it died. */
export type End = {
  executions: Record<string, { state: string; runs: Record<string, string>; outputs: string }>;
  work: string[];
};

/** Runs the flow with a death at `point`, or in peace; `writes` tells how many there were. */
export async function runToEnd(flows: readonly Flow[], point?: Point) {
  const simulation = new Simulation(1, { flows, settings: calm, ...(point === undefined ? {} : { point }) });
  const { violations } = await simulation.run();
  return { violations, writes: simulation.writes, end: endOf(simulation) };
}

function calm(drawn: Settings): Settings {
  const none = <T extends object>(rates: T): T => Object.fromEntries(Object.keys(rates).map((name) => [name, 0])) as T;
  const { weights, write, alarm, message, worker, lists } = drawn;
  return {
    ...drawn,
    weights,
    write: none(write),
    alarm: none(alarm),
    message: { ...none(message), longestDelayMs: 1 },
    worker: none(worker),
    lists: none(lists),
    jumps: [],
    apartMs: 0,
    tenants: ["main"],
    schedule: undefined,
    isRecursive: false,
    oldVersion: 0,
  };
}

/** By flow and task, without ids, times and effects: these may differ. */
function endOf({ lab, workers }: Simulation): End {
  const executions: End["executions"] = {};
  const names = new Map<string, string>();
  for (const { id, flow: of, plan, state } of lab.audit.live()) {
    const name = [of.id, state.facts?.parent?.effect.split(":")[0] ?? state.facts?.trigger?.id ?? ""].join("/");
    names.set(id, name);
    const runs: Record<string, string> = {};
    for (const run of state.runs) {
      const key = `${plan.tasks[run.task]?.id}[${run.value ?? ""}] of ${run.parent}`;
      runs[key] = `${run.state} ${Object.keys(run.outputs ?? {})
        .toSorted()
        .join()}`;
    }
    executions[name] = { state: state.status, runs, outputs: JSON.stringify(state.outputs ?? null) };
  }
  const work = new Set(
    workers.done.map(({ executionId, taskRunId }) => `${names.get(executionId)} ${taskRunId.split("-")[1]}`),
  );
  return { executions, work: [...work].toSorted() };
}
