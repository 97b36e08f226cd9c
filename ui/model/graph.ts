import type { Plan, PlanTask } from "#engine/plan.ts";
import type { ExecutionJson } from "#schema/execution.ts";
import type { Flow } from "#schema/flow.ts";
import { isTerminal, type State } from "#schema/state.ts";

// A flow as nested blocks and the edges between them, without geometry.
//
// G1. Every enabled task is in exactly one block; ids of blocks are unique and the same for the same flow.
// G2. Edges join blocks of the same cluster only: a layout may place each cluster by itself.

export type GraphBlock = {
  id: string;
  kind: "task" | "cluster" | "trigger" | "gate";
  label: string;
  /** Real type; empty for a gate and for the flow's own lists. */
  type: string;
  taskId?: string;
  blocks: readonly GraphBlock[];
  edges: readonly GraphEdge[];
};

export type GraphEdge = {
  id: string;
  from: string;
  to: string;
  label: string;
  /** `error` and `after` edges are taken only when something failed, or at the end. */
  kind: "next" | "error" | "after";
};

export type Graph = Pick<GraphBlock, "blocks" | "edges">;

/** Flowables that start the tasks of a list together. */
const PARALLEL = /\.(?:Parallel|AllowFailure\$Parallel)$/;
const DAG = /\.Dag$/;

export function buildGraph(flow: Flow, plan: Plan): Graph {
  const blocks: GraphBlock[] = [];
  const edges: GraphEdge[] = [];
  const tasks = (plan.lists.tasks ?? []).map((n) => taskBlock(plan, n));
  const triggers = flow.triggers.map(
    (trigger): GraphBlock => ({
      id: `trigger:${trigger.id}`,
      kind: "trigger",
      label: trigger.id,
      type: trigger.type,
      blocks: [],
      edges: [],
    }),
  );
  blocks.push(...triggers, ...tasks);
  edges.push(...chain(tasks));
  const first = tasks[0];
  if (first) edges.push(...triggers.map((trigger) => edge(trigger.id, first.id)));
  let last = tasks.at(-1);
  for (const [list, label] of [
    ["errors", "On error"],
    ["finally", "Finally"],
    ["afterExecution", "After execution"],
  ] as const) {
    const numbers = plan.lists[list] ?? [];
    if (numbers.length === 0) continue;
    const inner = numbers.map((n) => taskBlock(plan, n));
    const cluster: GraphBlock = {
      id: `list:${list}`,
      kind: "cluster",
      label,
      type: "",
      blocks: inner,
      edges: chain(inner),
    };
    blocks.push(cluster);
    if (last) edges.push(edge(last.id, cluster.id, "", list === "errors" ? "error" : "after"));
    if (list !== "errors") last = cluster;
  }
  return { blocks, edges };
}

function taskBlock(plan: Plan, n: number): GraphBlock {
  const planned = plan.tasks[n];
  if (!planned) throw new RangeError(`No task ${n} in the plan`);
  const lists = Object.entries(planned.lists).filter(([, numbers]) => numbers.length > 0);
  const common = { id: `task:${n}`, label: planned.id, type: planned.type, taskId: planned.id };
  if (lists.length === 0) return { ...common, kind: "task", blocks: [], edges: [] };
  return { ...common, kind: "cluster", ...clusterContent(plan, planned, lists) };
}

function clusterContent(
  plan: Plan,
  planned: PlanTask,
  lists: readonly (readonly [name: string, numbers: readonly number[]])[],
): Graph {
  const blocks: GraphBlock[] = [];
  const edges: GraphEdge[] = [];
  const starts: { id: string; label: string; kind: GraphEdge["kind"] }[] = [];
  for (const [name, numbers] of lists) {
    const inner = numbers.map((n) => taskBlock(plan, n));
    blocks.push(...inner);
    const kind = name === "errors" ? "error" : name === "finally" ? "after" : "next";
    const label = name === "tasks" ? "" : name.replace(/^case:/, "");
    if (name === "tasks" && DAG.test(planned.type)) {
      const dag = dagEdges(inner, planned.task.dependsOn ?? {});
      edges.push(...dag);
      const reached = new Set(dag.map(({ to }) => to));
      starts.push(...inner.filter(({ id }) => !reached.has(id)).map(({ id }) => ({ id, label, kind }) as const));
    } else if (name === "tasks" && PARALLEL.test(planned.type)) {
      starts.push(...inner.map(({ id }) => ({ id, label, kind }) as const));
    } else {
      edges.push(...chain(inner));
      if (inner[0]) starts.push({ id: inner[0].id, label, kind });
    }
  }
  if (starts.length > 1 || starts.some(({ label }) => label !== "")) {
    const gate: GraphBlock = { id: `gate:${planned.n}`, kind: "gate", label: "", type: "", blocks: [], edges: [] };
    blocks.unshift(gate);
    edges.push(...starts.map(({ id, label, kind }) => edge(gate.id, id, label, kind)));
  }
  return { blocks, edges };
}

function dagEdges(inner: readonly GraphBlock[], dependsOn: Readonly<Record<string, readonly string[]>>): GraphEdge[] {
  const byTask = new Map(inner.map((block) => [block.taskId, block.id]));
  return inner.flatMap((block) =>
    (dependsOn[block.taskId ?? ""] ?? []).flatMap((id) => {
      const from = byTask.get(id);
      return from === undefined ? [] : [edge(from, block.id)];
    }),
  );
}

function chain(blocks: readonly GraphBlock[]): GraphEdge[] {
  return blocks.slice(1).map((block, index) => edge(blocks[index]?.id ?? "", block.id));
}

function edge(from: string, to: string, label = "", kind: GraphEdge["kind"] = "next"): GraphEdge {
  return { id: `${from}>${to}`, from, to, label, kind };
}

export type TaskStatus = {
  /** The state that matters most among its task runs. */
  state: State;
  total: number;
  /** Runs that ended. */
  done: number;
  failed: number;
};

// What needs attention first.
const RANK: readonly State[] = [
  "FAILED",
  "KILLING",
  "RUNNING",
  "RETRYING",
  "PAUSED",
  "BREAKPOINT",
  "RESTARTED",
  "QUEUED",
  "CREATED",
  "KILLED",
  "CANCELLED",
  "RETRIED",
  "WARNING",
  "SUCCESS",
  "SKIPPED",
];

/** Status of each task that has run, by task id; the runs of a loop are counted together. */
export function computeStatuses(execution: ExecutionJson): ReadonlyMap<string, TaskStatus> {
  const statuses = new Map<string, TaskStatus>();
  for (const run of execution.taskRunList ?? []) {
    const state = run.state.current;
    const before = statuses.get(run.taskId) ?? { state, total: 0, done: 0, failed: 0 };
    statuses.set(run.taskId, {
      state: RANK.indexOf(state) < RANK.indexOf(before.state) ? state : before.state,
      total: before.total + 1,
      done: before.done + (isTerminal(state) ? 1 : 0),
      failed: before.failed + (state === "FAILED" ? 1 : 0),
    });
  }
  return statuses;
}
