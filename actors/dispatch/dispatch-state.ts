import * as z from "zod";
import { assertNever } from "#schema/assert-never.ts";
import { TaskAnswer } from "#schema/event.ts";
import { Holding, LEASE_MS, Presence } from "#schema/runner.ts";

// What a Dispatch actor knows, and the changes that move it. Rows hold these objects as JSON; see dispatch-store.ts.

/** Where a job is. `queued` waits for an agent; `answering` has an answer of our own that the cell has not taken yet. */
export const Phase = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("queued") }),
  z.object({
    kind: z.literal("leased"),
    agentId: z.string(),
    bootId: z.string(),
    worker: z.string(),
    until: z.number(),
    /** Was given time again because this actor, not the agent, had been away. Once for each heartbeat. */
    graced: z.boolean().optional(),
  }),
  z.object({ kind: z.literal("answering"), answer: TaskAnswer }),
  z.object({ kind: z.literal("done"), at: z.number() }),
]);
export type Phase = z.infer<typeof Phase>;

/** A job without its properties, which stay in the store. */
export const JobFacts = z.object({
  id: z.string(),
  epoch: z.int(),
  queuedAt: z.number(),
  losses: z.int(),
  tenant: z.string(),
  namespace: z.string(),
  flowId: z.string(),
  executionId: z.string(),
  effect: z.string(),
  taskId: z.string(),
  taskRunId: z.string(),
  /** Set when the job shall end: whoever has it is told until it answers. */
  cancelled: z.boolean().optional(),
  phase: Phase,
});
export type JobFacts = z.infer<typeof JobFacts>;

/** One agent, as last heard of. */
export const AgentFacts = z.object({
  presence: Presence,
  /** Boots that have been followed by another: whatever they say comes late. Newest last. */
  pastBoots: z.array(z.string()),
  /** When it was last heard of. */
  seenAt: z.number(),
  /** Leases it renewed at `seenAt`. */
  renewed: z.array(Holding),
});
export type AgentFacts = z.infer<typeof AgentFacts>;

export type DispatchState = {
  readonly jobs: ReadonlyMap<string, JobFacts>;
  /** Ids of queued jobs in the order they are given out: those that came back first, then the new ones. */
  readonly returned: ReadonlySet<string>;
  readonly waiting: ReadonlySet<string>;
  /** Ids of leased and of answering jobs. */
  readonly leased: ReadonlySet<string>;
  readonly answering: ReadonlySet<string>;
  readonly agents: ReadonlyMap<string, AgentFacts>;
  /** How many lines of each current lease the cell has taken. */
  readonly logged: ReadonlyMap<string, number>;
};

export type Change =
  | { kind: "job-added"; facts: JobFacts; payload: string }
  | { kind: "job-moved"; facts: JobFacts }
  | { kind: "job-forgotten"; id: string }
  /** The cell has taken the lines below `next` of the current lease. */
  | { kind: "lines-taken"; id: string; epoch: number; next: number }
  /** The agent was heard of. Every lease in `facts.renewed` lasts LEASE_MS from `facts.seenAt`. `durable`: worth a row. */
  | { kind: "agent-heard"; facts: AgentFacts; durable: boolean }
  | { kind: "agent-forgotten"; agentId: string };

/** What a decision gives: the changes to commit, and what to say. */
export type Decision<Answer> = { changes: readonly Change[]; answer: Answer };

/** The state as the only holder of it may keep it. */
export type MutableState = {
  jobs: Map<string, JobFacts>;
  returned: Set<string>;
  waiting: Set<string>;
  leased: Set<string>;
  answering: Set<string>;
  agents: Map<string, AgentFacts>;
  logged: Map<string, number>;
};

export function emptyState(): MutableState {
  return {
    jobs: new Map(),
    returned: new Set(),
    waiting: new Set(),
    leased: new Set(),
    answering: new Set(),
    agents: new Map(),
    logged: new Map(),
  };
}

/** Brings committed changes into memory. The only writer of the state. */
export function applyChanges(state: MutableState, changes: readonly Change[]): void {
  for (const change of changes) applyChange(state, change);
}

function applyChange(state: MutableState, change: Change): void {
  switch (change.kind) {
    case "job-added":
    case "job-moved":
      placeJob(state, change.facts);
      return;
    case "job-forgotten":
      state.jobs.delete(change.id);
      state.logged.delete(change.id);
      unlist(state, change.id);
      return;
    case "lines-taken":
      state.logged.set(change.id, change.next);
      return;
    case "agent-heard":
      state.agents.set(change.facts.presence.agentId, change.facts);
      renewLeases(state, change.facts);
      return;
    case "agent-forgotten":
      state.agents.delete(change.agentId);
      return;
    default:
      assertNever(change);
  }
}

function unlist(state: MutableState, id: string): void {
  for (const list of [state.returned, state.waiting, state.leased, state.answering]) list.delete(id);
}

function placeJob(state: MutableState, facts: JobFacts): void {
  unlist(state, facts.id);
  if (facts.phase.kind !== "leased" || state.jobs.get(facts.id)?.epoch !== facts.epoch) state.logged.delete(facts.id);
  state.jobs.set(facts.id, facts);
  if (facts.phase.kind === "queued") (facts.epoch > 1 ? state.returned : state.waiting).add(facts.id);
  if (facts.phase.kind === "leased") state.leased.add(facts.id);
  if (facts.phase.kind === "answering") state.answering.add(facts.id);
}

function renewLeases(state: MutableState, { presence, renewed, seenAt }: AgentFacts): void {
  for (const { id, epoch } of renewed) {
    const job = state.jobs.get(id);
    if (job?.phase.kind !== "leased" || job.epoch !== epoch || job.phase.agentId !== presence.agentId) continue;
    if (job.phase.bootId !== presence.bootId) continue;
    const { graced: _, ...phase } = job.phase;
    const until = Math.max(phase.until, seenAt + LEASE_MS);
    state.jobs.set(id, { ...job, phase: { ...phase, until } });
  }
}
