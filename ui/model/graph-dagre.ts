import { Graph as DagreGraph, layout } from "@dagrejs/dagre";
import type { Graph } from "./graph.ts";
import { type LayoutFlat, layoutGraph, type PlacedGraph } from "./graph-layout.ts";

const layoutFlat: LayoutFlat = (nodes, edges) => {
  const graph = new DagreGraph();
  graph.setGraph({ rankdir: "TB", nodesep: 28, ranksep: 44 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of nodes) graph.setNode(id, { width, height });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  return nodes.map(({ id, width, height }) => {
    const { x = 0, y = 0 } = graph.node(id);
    return { id, x: x - width / 2, y: y - height / 2 };
  });
};

/** Places a flow's graph. */
export function layOut(graph: Graph): PlacedGraph {
  return layoutGraph(graph, layoutFlat);
}
