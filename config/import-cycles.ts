// Cycles in a graph of imports.

/**
 * One cycle for each knot of files that import each other, as a path that begins with its first file by name. Tarjan's
 * strongly connected components, without recursion: a chain of imports may be long.
 */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  return knots(graph)
    .filter((knot) => knot.length > 1 || graph.get(knot[0] ?? "")?.includes(knot[0] ?? ""))
    .map((knot) => shortestCycle(graph, new Set(knot)));
}

function knots(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const enter = (node: string) => {
    order.set(node, order.size);
    low.set(node, order.size - 1);
    open.push(node);
    isOpen.add(node);
    return { node, next: 0 };
  };
  const lower = (node: string, value: number) => low.set(node, Math.min(low.get(node) ?? value, value));
  for (const start of graph.keys()) {
    if (order.has(start)) continue;
    const path = [enter(start)];
    for (let step = path.at(-1); step; step = path.at(-1)) {
      const child = graph.get(step.node)?.[step.next++];
      if (child !== undefined) {
        if (!order.has(child)) path.push(enter(child));
        else if (isOpen.has(child)) lower(step.node, order.get(child) ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent) lower(parent.node, low.get(step.node) ?? 0);
      if (low.get(step.node) !== order.get(step.node)) continue;
      const knot = open.splice(open.indexOf(step.node));
      for (const node of knot) isOpen.delete(node);
      found.push(knot);
    }
  }
  return found;
}

/** Breadth first from the first file of the knot back to itself. */
function shortestCycle(graph: ReadonlyMap<string, readonly string[]>, knot: ReadonlySet<string>): string[] {
  const start = [...knot].sort()[0] ?? "";
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const child of graph.get(node) ?? []) {
      if (child === start) {
        const cycle = [node];
        while (cycle[0] !== start) cycle.unshift(cameFrom.get(cycle[0] ?? start) ?? start);
        return cycle;
      }
      if (!knot.has(child) || cameFrom.has(child)) continue;
      cameFrom.set(child, node);
      queue.push(child);
    }
  }
  return [start];
}
