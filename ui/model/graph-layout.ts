import type { Graph, GraphBlock, GraphEdge } from "./graph.ts";

// Places the blocks of a graph: each cluster by itself, from the inside out.
//
// L1. A block stands inside its cluster and overlaps no other block of it.
// L2. Positions are of the top left corner, relative to the cluster the block stands in.

export type Size = { width: number; height: number };
export type Placed = { id: string; x: number; y: number } & Size;

/** Lays out blocks of one level, top to bottom, edges pointing down. Declared here; the page brings a library. */
export type LayoutFlat = (
  nodes: readonly ({ id: string } & Size)[],
  edges: readonly { from: string; to: string }[],
) => readonly { id: string; x: number; y: number }[];

export type PlacedBlock = Placed & { block: GraphBlock; parent: string | undefined };
export type PlacedGraph = Size & { blocks: readonly PlacedBlock[]; edges: readonly GraphEdge[] };

export const BLOCK_SIZES = {
  task: { width: 216, height: 52 },
  trigger: { width: 216, height: 44 },
  gate: { width: 14, height: 14 },
} as const;
const HEADER = 38;
const PADDING = 18;

/** Layouts tend to turn siblings round: the first branch belongs at the left. */
function mirrorWhenReversed(
  level: Graph,
  at: ReadonlyMap<string, { x: number }>,
  sizes: ReadonlyMap<string, Size>,
): void {
  const order = new Map(level.blocks.map(({ id }, index) => [id, index]));
  const turned = level.edges.some(({ from, to }) => {
    const next = level.edges.find((edge) => edge.from === from && (order.get(edge.to) ?? 0) > (order.get(to) ?? 0));
    return next !== undefined && (at.get(next.to)?.x ?? 0) < (at.get(to)?.x ?? 0);
  });
  if (!turned) return;
  const widthOf = (id: string): number => sizes.get(id)?.width ?? 0;
  const right = Math.max(...[...at].map(([id, { x }]) => x + widthOf(id)));
  for (const [id, placed] of at) placed.x = right - placed.x - widthOf(id);
}

export function layoutGraph(graph: Graph, layoutFlat: LayoutFlat): PlacedGraph {
  const blocks: PlacedBlock[] = [];
  const edges: GraphEdge[] = [];

  function place(level: Graph, parent: string | undefined): Size {
    const sizes = new Map<string, Size>();
    const nested: PlacedBlock[][] = [];
    for (const block of level.blocks) {
      if (block.kind === "cluster") {
        const from = blocks.length;
        const inner = place(block, block.id);
        nested.push(blocks.splice(from));
        sizes.set(block.id, {
          width: Math.max(inner.width + 2 * PADDING, BLOCK_SIZES.task.width),
          height: inner.height + HEADER + PADDING,
        });
      } else {
        nested.push([]);
        sizes.set(block.id, BLOCK_SIZES[block.kind]);
      }
    }
    const at = new Map(
      layoutFlat(
        level.blocks.map(({ id }) => ({ id, ...(sizes.get(id) ?? BLOCK_SIZES.task) })),
        level.edges,
      ).map((placed) => [placed.id, { ...placed }]),
    );
    mirrorWhenReversed(level, at, sizes);
    edges.push(...level.edges);
    let width = 0;
    let height = 0;
    level.blocks.forEach((block, index) => {
      const size = sizes.get(block.id) ?? BLOCK_SIZES.task;
      const { x, y } = at.get(block.id) ?? { x: 0, y: 0 };
      width = Math.max(width, x + size.width);
      height = Math.max(height, y + size.height);
      // A cluster comes before what stands in it.
      blocks.push({
        id: block.id,
        x: x + (parent ? PADDING : 0),
        y: y + (parent ? HEADER : 0),
        ...size,
        block,
        parent,
      });
      blocks.push(...(nested[index] ?? []));
    });
    return { width, height };
  }

  const size = place(graph, undefined);
  return { ...size, blocks, edges };
}
