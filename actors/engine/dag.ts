import { isTerminal } from "#schema/state.ts";
import type { Draft } from "./draft.ts";
import type { Container, LanesExpansion } from "./state.ts";

// Which tasks of a Dag may start. Its lanes stand there from the start, one for each task, and open in whatever order
// the dependencies allow.

type Dag = Extract<LanesExpansion, { kind: "dag" }>;

const dependentsOf = new WeakMap<Dag["dependsOn"], readonly (readonly number[])[]>();

/** The lanes that depend on `lane`, in order. */
export function dependents({ dependsOn }: Dag, lane: number): readonly number[] {
  let lists = dependentsOf.get(dependsOn);
  if (lists === undefined) {
    const made: number[][] = dependsOn.map(() => []);
    for (const [dependent, needed] of dependsOn.entries())
      for (const slot of new Set(needed)) made[slot]?.push(dependent);
    dependentsOf.set(dependsOn, made);
    lists = made;
  }
  return lists[lane] ?? [];
}

/** True when the task of `lane` has not started and all that it depends on has ended, however; what is not there keeps nobody waiting. */
export function isReady(draft: Draft, container: Container, { dependsOn }: Dag, lane: number): boolean {
  if (container.lanes.get(lane)?.size !== 0) return false;
  return (dependsOn[lane] ?? []).every((needed) => {
    const runs = container.lanes.get(needed);
    const index = runs?.last();
    return runs === undefined || (index !== undefined && isTerminal(draft.run(index).state));
  });
}
