import { type ExecutionState, initialState, type Reduce } from "#engine/index.ts";
import type { ExecutionEvent } from "#schema/event.ts";

// What the logs of parents and children must say together.

export type Member = { events: readonly ExecutionEvent[]; reduce: Reduce; state: ExecutionState };

/** Everything wrong between executions after all is quiet. */
export function familyViolations(members: ReadonlyMap<string, Member>): string[] {
  const found: string[] = [];
  const children = new Map<string, string>();
  for (const [id, { state }] of members) {
    const caller = state.facts?.parent;
    if (caller === undefined) continue;
    const place = `${caller.executionId}/${caller.effect}`;
    const sibling = children.get(place);
    if (sibling !== undefined) found.push(`I12 ${place} has two children: ${sibling} and ${id}`);
    children.set(place, id);
  }
  for (const [id, member] of members)
    for (const { child, at } of killsHeard(member))
      if (!hasHeard(members.get(child), at)) found.push(`I3 ${child} never heard of the kill of ${id}`);
  return found;
}

/** Kills of children that this execution asked for and was told are done. */
function killsHeard({ events, reduce }: Member): { child: string; at: number }[] {
  const asked = new Map<string, string>();
  const heard: { child: string; at: number }[] = [];
  let state = initialState();
  for (const event of events) {
    const step = reduce(state, event);
    state = step.state;
    for (const effect of step.effects) if (effect.kind === "kill-execution") asked.set(effect.id, effect.executionId);
    const child = event.kind === "effect-acknowledged" ? asked.get(event.effect) : undefined;
    if (child !== undefined) heard.push({ child, at: event.at });
  }
  return heard;
}

/** True when it was killed, or had ended by then. */
function hasHeard(child: Member | undefined, at: number): boolean {
  if (child === undefined) return true;
  if (child.events.some((event) => event.kind === "kill-requested" || event.kind === "restart-requested")) return true;
  return (child.state.histories.at(-1)?.at ?? 0) <= at;
}
