import type { SlotView } from "#schema/slot.ts";
import { isTerminal } from "#schema/state.ts";
import type { Trail } from "./trail.ts";

// What the rows of one flow's slots must show after each of its commits.

/** How long an execution that has ended may hold its slot where nothing goes wrong, ms. */
const FREED_WITHIN_MS = 10_000;

export class SlotAudit {
  #before: SlotView = { limit: undefined, holders: [], queue: [], queued: 0 };
  /** When those that still hold one were first seen to have ended. */
  #ends = new Map<string, number>();

  /** `isCalm`: no message is late or lost, and nothing dies. */
  check(view: SlotView, trails: ReadonlyMap<string, Trail>, now: number, isCalm: boolean): string[] {
    const found = [...this.#newHolders(view), ...this.#outOfOrder(view)];
    const holders = new Set(view.holders.map(({ executionId }) => executionId));
    const ends = new Map<string, number>();
    for (const id of holders) {
      const status = trails.get(id)?.state.status;
      if (status === undefined || !isTerminal(status)) continue;
      const end = this.#ends.get(id) ?? now;
      ends.set(id, end);
      if (isCalm && now - end > FREED_WITHIN_MS)
        found.push(`I4 ${id} is ${status} and holds a slot for ${now - end} ms`);
    }
    this.#before = view;
    this.#ends = ends;
    return found;
  }

  /** [I4] A slot is given only while one is free. */
  #newHolders({ limit, holders }: SlotView): string[] {
    const had = new Set(this.#before.holders.map(({ executionId }) => executionId));
    const given = holders.filter(({ executionId, forced }) => !forced && !had.has(executionId));
    const isOver = limit !== undefined && holders.length > limit.limit;
    return isOver && given.length > 0
      ? [`I4 ${holders.length} hold a slot of ${limit.limit}, ${given[0]?.executionId} as the last`]
      : [];
  }

  /** [I5] Nobody comes from the queue before whoever came earlier and still waits. */
  #outOfOrder({ holders, queue }: SlotView): string[] {
    const waits = new Set(queue.map(({ executionId }) => executionId));
    const holds = new Set(holders.filter(({ forced }) => !forced).map(({ executionId }) => executionId));
    let passed: string | undefined;
    for (const { executionId } of this.#before.queue) {
      if (waits.has(executionId)) passed ??= executionId;
      else if (passed !== undefined && holds.has(executionId)) return [`I5 ${executionId} came before ${passed}`];
    }
    return [];
  }
}

/** [I4] Executions that think they hold a slot and do not. */
export function strays(view: SlotView, trails: Iterable<Trail>): string[] {
  const holders = new Set(view.holders.map(({ executionId }) => executionId));
  const found: string[] = [];
  for (const { id, state } of trails) {
    if (state.slot?.state !== "held" || isTerminal(state.status) || holders.has(id)) continue;
    if (!state.pending.some(({ kind }) => kind === "acquire-slot"))
      found.push(`I4 ${id} runs with a slot that it does not hold`);
  }
  return found;
}
