import { isTerminal } from "#schema/state.ts";
import type { Trail } from "./trail.ts";

// What the logs of parents and children must say together.

/** Everything wrong between executions after all is quiet. */
export function familyViolations(members: ReadonlyMap<string, Trail>): string[] {
  const found: string[] = [];
  const children = new Map<string, string>();
  for (const [id, { state, statuses }] of members) {
    // Another execution has taken its place, and its link to the parent.
    if (statuses.includes("RETRIED")) continue;
    const caller = state.facts?.parent;
    if (caller === undefined) continue;
    const place = `${caller.executionId}/${caller.effect}`;
    const sibling = children.get(place);
    if (sibling !== undefined) found.push(`I12 ${place} has two children: ${sibling} and ${id}`);
    children.set(place, id);
  }
  for (const trail of members.values()) found.push(...unheardEnd(members, trail));
  for (const [id, member] of members)
    for (const { child, at } of killsHeard(member))
      if (!hasHeard(members.get(child), at)) found.push(`I3 ${child} never heard of the kill of ${id}`);
  return found;
}

/** Kills of children that this execution asked for and was told are done. */
function killsHeard({ events, asked }: Trail): { child: string; at: number }[] {
  const heard: { child: string; at: number }[] = [];
  for (const event of events) {
    const effect = event.kind === "effect-acknowledged" ? asked.get(event.effect) : undefined;
    if (effect?.kind === "kill-execution") heard.push({ child: effect.executionId, at: event.at });
  }
  return heard;
}

/** True when it was killed, or had ended by then. */
function hasHeard(child: Trail | undefined, at: number): boolean {
  if (child === undefined) return true;
  const revived = ["kill-requested", "restart-requested", "task-state-set", "status-set"];
  if (child.events.some((event) => revived.includes(event.kind))) return true;
  return (child.state.histories.at(-1)?.at ?? 0) <= at;
}

/** [I12] A child has ended, and the parent that waits for it never heard. */
function unheardEnd(members: ReadonlyMap<string, Trail>, { id, state }: Trail): string[] {
  const link = state.facts?.parent;
  const parent = link === undefined ? undefined : members.get(link.executionId);
  if (link === undefined || parent === undefined || !isTerminal(state.status)) return [];
  const waiting = parent.state.runs.get(Number.parseInt(link.effect, 10))?.waiting;
  const waits = waiting?.kind === "subflow" && waiting.effect === link.effect;
  return waits ? [`I12 ${link.executionId} never heard of the end of ${id}`] : [];
}
