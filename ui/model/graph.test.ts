import { describe, expect, test } from "vitest";
import { compilePlan } from "#engine/index.ts";
import type { Flow, Task } from "#schema/flow.ts";
import { buildGraph, computeStatuses, type Graph, type GraphBlock } from "./graph.ts";
import { layOut } from "./graph-dagre.ts";
import type { PlacedBlock } from "./graph-layout.ts";
import { executionOf, runOf, stateOf } from "./testing.ts";

const task = (id: string, more: Partial<Task> = {}): Task => ({
  id,
  type: "t.Log",
  properties: {},
  lists: {},
  ...more,
});
const graphOf = (tasks: readonly Task[], more: Partial<Flow> = {}): Graph => {
  const flow: Flow = {
    id: "f",
    namespace: "n",
    labels: [],
    inputs: [],
    variables: {},
    tasks,
    errors: [],
    finally: [],
    afterExecution: [],
    outputs: [],
    triggers: [],
    pluginDefaults: [],
    disabled: false,
    ...more,
  };
  return buildGraph(flow, compilePlan(flow));
};
const labels = (blocks: readonly GraphBlock[]): string[] => blocks.map(({ label }) => label);
const edges = ({ edges: list }: Graph): string[] =>
  list.map(({ from, to, label }) => `${from}>${to}${label && `:${label}`}`);

describe("buildGraph", () => {
  test("a sequence is a chain, triggers lead to its first task", () => {
    const graph = graphOf([task("a"), task("b")], { triggers: [{ id: "cron", type: "t.Schedule", properties: {} }] });
    expect(edges(graph)).toEqual(["task:0>task:1", "trigger:cron>task:0"]);
  });

  test("[G1] disabled tasks are in no block", () => {
    expect(labels(graphOf([task("a"), task("off", { disabled: true }), task("b")]).blocks)).toEqual(["a", "b"]);
  });

  test("Parallel starts all from a gate, a loop is a chain without one", () => {
    const graph = graphOf([
      task("par", { type: "x.Parallel", lists: { tasks: [task("a"), task("b")] } }),
      task("loop", { type: "x.ForEach", lists: { tasks: [task("c"), task("d")] } }),
    ]);
    const [parallel, loop] = graph.blocks;
    expect(edges(parallel as GraphBlock)).toEqual(["gate:0>task:1", "gate:0>task:2"]);
    expect(edges(loop as GraphBlock)).toEqual(["task:4>task:5"]);
  });

  test("branches are named, errors have their own kind", () => {
    const graph = graphOf([
      // biome-ignore lint/suspicious/noThenProperty: the name of the list in the dialect
      task("if", { type: "x.If", lists: { then: [task("a")], else: [task("b")], errors: [task("c")] } }),
    ]);
    const [branch] = graph.blocks;
    expect(edges(branch as GraphBlock)).toEqual(["gate:0>task:1:then", "gate:0>task:2:else", "gate:0>task:3:errors"]);
    expect(branch?.edges.at(-1)?.kind).toBe("error");
  });

  test("a Dag follows what its tasks wait for", () => {
    const graph = graphOf([
      task("dag", {
        type: "x.Dag",
        lists: { tasks: [task("a"), task("b"), task("c")] },
        dependsOn: { b: ["a"], c: ["a", "unknown"] },
      }),
    ]);
    expect(edges(graph.blocks[0] as GraphBlock)).toEqual(["task:1>task:2", "task:1>task:3"]);
  });

  test("the flow's own errors and finally hang on its end", () => {
    const graph = graphOf([task("a")], { errors: [task("e")], finally: [task("f")] });
    expect(graph.edges.map(({ from, to, kind }) => [from, to, kind])).toEqual([
      ["task:0", "list:errors", "error"],
      ["task:0", "list:finally", "after"],
    ]);
  });
});

test("the status of a task is that of the run that matters most", () => {
  const state = (current: "SUCCESS" | "FAILED" | "RUNNING") => stateOf(["CREATED", 0], [current, 1]);
  const runs = [
    runOf("1", state("SUCCESS"), { taskId: "a" }),
    runOf("2", state("RUNNING"), { taskId: "a" }),
    runOf("3", state("FAILED"), { taskId: "b" }),
    runOf("4", state("SUCCESS"), { taskId: "b" }),
  ];
  expect([...computeStatuses(executionOf(state("RUNNING"), runs))]).toEqual([
    ["a", { state: "RUNNING", total: 2, done: 1, failed: 0 }],
    ["b", { state: "FAILED", total: 2, done: 2, failed: 1 }],
  ]);
});

describe("layOut", () => {
  const graph = graphOf([
    task("start"),
    task("par", {
      type: "x.Parallel",
      lists: {
        // biome-ignore lint/suspicious/noThenProperty: the name of the list in the dialect
        tasks: [task("a"), task("if", { type: "x.If", lists: { then: [task("b")], else: [task("c")] } }), task("d")],
      },
    }),
    task("end"),
  ]);
  const placed = layOut(graph);
  const inside = (parent: string | undefined): PlacedBlock[] =>
    placed.blocks.filter((block) => block.parent === parent);
  const clusters = [undefined, ...placed.blocks.filter(({ block }) => block.kind === "cluster").map(({ id }) => id)];

  test("[L1] blocks of a cluster do not overlap and stand inside it", () => {
    for (const cluster of clusters) {
      const blocks = inside(cluster);
      const frame = placed.blocks.find(({ id }) => id === cluster) ?? placed;
      for (const [i, a] of blocks.entries()) {
        expect(a.x).toBeGreaterThanOrEqual(0);
        expect(a.x + a.width).toBeLessThanOrEqual(frame.width + 0.01);
        expect(a.y + a.height).toBeLessThanOrEqual(frame.height + 0.01);
        for (const b of blocks.slice(i + 1)) {
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          expect(apart, `${a.id} and ${b.id}`).toBe(true);
        }
      }
    }
  });

  test("edges point down, siblings keep their order from left to right", () => {
    const at = new Map(placed.blocks.map((block) => [block.id, block]));
    for (const { from, to } of placed.edges) expect(at.get(from)?.y).toBeLessThan(at.get(to)?.y ?? 0);
    const row = inside("task:1").filter(({ block }) => block.kind !== "gate");
    expect(row.map(({ x }) => x)).toEqual(row.map(({ x }) => x).toSorted((a, b) => a - b));
  });

  test("a cluster comes before what stands in it", () => {
    const order = placed.blocks.map(({ id }) => id);
    for (const { id, parent } of placed.blocks)
      if (parent) expect(order.indexOf(parent)).toBeLessThan(order.indexOf(id));
  });
});
