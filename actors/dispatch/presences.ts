import type { EpochMs } from "#schema/json.ts";
import { ABSENT_AFTER_MS } from "./dispatch-core.ts";
import type { AgentStatus, DispatchStatus } from "./dispatch-rpc.ts";
import type { DispatchState } from "./dispatch-state.ts";

/** A row of an idle agent may be this old while its agent is there. */
const ROW_AGE_MS = 600_000;

/** Which agents are there, as far as memory tells: an agent with an open claim is, and one that spoke a moment ago. */
export class Presences {
  readonly #seenAt = new Map<string, EpochMs>();
  /** When an agent was last known to be there. After a start of this actor its agents get a moment to call again. */
  #lastPresentAt: EpochMs;

  constructor(state: DispatchState, now: EpochMs) {
    const rows = [...state.agents.values()].map(({ seenAt }) => seenAt);
    const newest = Math.max(0, ...rows);
    this.#lastPresentAt = now - newest < ROW_AGE_MS ? now : newest;
  }

  heard(agentId: string, now: EpochMs): void {
    this.#seenAt.set(agentId, now);
    this.#lastPresentAt = now;
  }

  left(agentId: string): void {
    this.#seenAt.delete(agentId);
  }

  status(state: DispatchState, now: EpochMs, claiming: ReadonlySet<string>): DispatchStatus {
    const there = [...state.agents.values()].filter(({ presence: { agentId } }) => {
      const seenAt = this.#seenAt.get(agentId);
      return claiming.has(agentId) || (seenAt !== undefined && now - seenAt <= ABSENT_AFTER_MS);
    });
    const agents = there.map(({ presence: { agentId, hostname, version, capabilities, slots } }): AgentStatus => {
      const seenAt = claiming.has(agentId) ? now : (this.#seenAt.get(agentId) ?? now);
      return { agentId, hostname, version, capabilities, slots, running: countLeases(state, agentId), seenAt };
    });
    const first = [...state.returned, ...state.waiting].map((id) => state.jobs.get(id)?.queuedAt ?? now);
    return {
      agents,
      queued: first.length,
      running: state.leased.size,
      oldestWaitingSince: first.length > 0 ? first.reduce((a, b) => Math.min(a, b)) : null,
      noAgent: agents.length === 0 && now - this.#lastPresentAt > ABSENT_AFTER_MS,
    };
  }
}

function countLeases(state: DispatchState, agentId: string): number {
  let leases = 0;
  for (const id of state.leased) {
    const phase = state.jobs.get(id)?.phase;
    if (phase?.kind === "leased" && phase.agentId === agentId) leases++;
  }
  return leases;
}
