import { type ExecutionState, initialState, type Reduce } from "#engine/index.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { isTerminal, type State } from "#schema/state.ts";

// What the logs of parents and children must say together.

export type Member = {
  events: readonly ExecutionEvent[];
  reduce: Reduce;
  state: ExecutionState;
  /** Of executions of its flow at a time. */
  limit?: number | undefined;
};

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

/** [I4] Times at which more executions of a flow ran than its limit allows, those left out that were let through by hand. */
export function limitViolations(members: ReadonlyMap<string, Member>): string[] {
  const steps = new Map<string, { limit: number; moves: { at: number; by: 1 | -1 }[] }>();
  for (const member of members.values()) {
    const { limit, state } = member;
    if (limit === undefined) continue;
    const flowId = state.facts?.flowId ?? "";
    const flow = steps.get(flowId) ?? { limit, moves: [] };
    flow.moves.push(...runningTimes(member));
    steps.set(flowId, flow);
  }
  const found: string[] = [];
  for (const [flowId, { limit, moves }] of steps) {
    let running = 0;
    // Who ends at the same time as another begins has ended first.
    for (const { at, by } of moves.sort((a, b) => a.at - b.at || a.by - b.by)) {
      running += by;
      if (running > limit) found.push(`I4 ${running} executions of ${flowId} ran at ${at}, ${limit} are allowed`);
    }
  }
  return found.slice(0, 3);
}

const BEFORE_RUNNING: ReadonlySet<State> = new Set(["CREATED", "QUEUED", "RESTARTED"]);

/** When the execution begins to run, and when it has ended or is let through by hand, each time. */
function runningTimes({ events, reduce }: Member): { at: number; by: 1 | -1 }[] {
  const moves: { at: number; by: 1 | -1 }[] = [];
  let state = initialState();
  let isCounted = false;
  for (const event of events) {
    const waited = isTerminal(state.status) || BEFORE_RUNNING.has(state.status);
    state = reduce(state, event).state;
    const isForced = event.kind === "unqueue-requested" || event.kind === "force-run-requested";
    const isOver = isTerminal(state.status);
    if (!isCounted && waited && !isForced && !isOver && !BEFORE_RUNNING.has(state.status)) {
      isCounted = true;
      moves.push({ at: event.at, by: 1 });
    } else if (isCounted && isOver) {
      isCounted = false;
      moves.push({ at: event.at, by: -1 });
    }
  }
  return moves;
}
