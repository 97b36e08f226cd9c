import type { TaskAnswer } from "#schema/event.ts";
import type { EpochMs } from "#schema/json.ts";
import { type Cancellation, type Holding, type Job, LEASE_MS, MAX_JOB_BYTES, type Presence } from "#schema/runner.ts";
import type { AgentFacts, Change, Decision, DispatchState, JobFacts } from "./dispatch-state.ts";

// Every decision of a Dispatch actor: pure functions of (state, now, request) that give changes and an answer.
// The rules R1 to R12 stand in DESIGN.md beside this file.

/** A job that was lost with its agent this many times fails: it may be what kills the agents. */
export const MAX_LOSSES = 5;
/** How long an ended job is remembered, so that a late repetition is recognised. */
export const DONE_KEPT_MS = 600_000;
/** What an expired lease gets once when this actor had been away: agents could not renew either. */
export const GRACE_MS = 15_000;
/** A group without an agent for this long says so. */
export const ABSENT_AFTER_MS = 10_000;
const AGENT_KEPT_MS = 86_400_000;
const PAST_BOOTS_KEPT = 10;
/** An idle agent's row is written again only after this long: its open claim already shows it is there. */
const IDLE_ROW_MS = 300_000;

/** A job as a cell hands it over. */
export type NewJob = Omit<Job, "epoch">;
export type Enqueued = { ok: true } | { ok: false; message: string };
/** `removed`: it never started, or is over; nothing will be answered. `told`: its agent stops it and answers. */
export type Cancelled = "removed" | "told";
/** Why a job left its agent, for the execution's log. */
export type Loss = { facts: JobFacts; reason: string };

const encoder = new TextEncoder();

export function enqueue(state: DispatchState, now: EpochMs, job: NewJob): Decision<Enqueued> {
  if (state.jobs.has(job.id)) return { changes: [], answer: { ok: true } };
  const payload = JSON.stringify(job);
  const bytes = encoder.encode(payload).byteLength;
  if (bytes > MAX_JOB_BYTES) {
    const message = `The rendered task is ${bytes} bytes long; a job for a runner agent may have ${MAX_JOB_BYTES}. Put large values into a file (inputFiles with a kestra:// URI).`;
    return { changes: [], answer: { ok: false, message } };
  }
  return { changes: [{ kind: "job-added", facts: newFacts(now, job), payload }], answer: { ok: true } };
}

function newFacts(now: EpochMs, job: NewJob): JobFacts {
  const { id, tenant, namespace, flowId, executionId, taskId, taskRunId } = job;
  const effect = effectOf(id);
  const facts = { id, tenant, namespace, flowId, executionId, effect, taskId, taskRunId };
  return { ...facts, epoch: 1, queuedAt: now, losses: 0, phase: { kind: "queued" } };
}

function effectOf(jobId: string): string {
  return jobId.slice(jobId.indexOf("/") + 1);
}

export function cancel(state: DispatchState, now: EpochMs, id: string): Decision<Cancelled> {
  const job = state.jobs.get(id);
  // Remembered as over, so that a hand-over which arrives late starts nothing.
  if (!job) return { changes: [{ kind: "job-added", facts: tombstone(now, id), payload: "" }], answer: "removed" };
  if (job.phase.kind === "leased") {
    return { changes: job.cancelled ? [] : [moved({ ...job, cancelled: true })], answer: "told" };
  }
  const over = job.phase.kind === "done" ? [] : [moved({ ...job, phase: { kind: "done", at: now } })];
  return { changes: over, answer: "removed" };
}

function tombstone(now: EpochMs, id: string): JobFacts {
  const where = { tenant: "", namespace: "", flowId: "", taskId: "", taskRunId: "" };
  const executionId = id.slice(0, Math.max(0, id.indexOf("/")));
  const phase = { kind: "done", at: now } as const;
  return { id, ...where, executionId, effect: effectOf(id), epoch: 0, queuedAt: now, losses: 0, phase };
}

function moved(facts: JobFacts): Change {
  return { kind: "job-moved", facts };
}

export type Heard = { cancel: Cancellation[]; superseded: boolean; losses: readonly Loss[] };
export type Hearing = { presence: Presence; holding: readonly Holding[]; leaving?: boolean };

/** Notes that an agent is there, renews what it holds, and takes back what an earlier start of it had (or what it leaves behind). */
export function hear(state: DispatchState, now: EpochMs, { presence, holding, leaving }: Hearing): Decision<Heard> {
  const known = state.agents.get(presence.agentId);
  if (known?.pastBoots.includes(presence.bootId)) {
    const lost = holding.map(({ id }) => ({ id, reason: "lost" as const }));
    return { changes: [], answer: { cancel: lost, superseded: true, losses: [] } };
  }
  const holds = new Map(holding.map(({ id, epoch }) => [id, epoch]));
  const changes: Change[] = [];
  const losses: Loss[] = [];
  for (const job of leasedTo(state, presence.agentId)) {
    const held = holds.get(job.id) === job.epoch;
    const sameBoot = job.phase.kind === "leased" && job.phase.bootId === presence.bootId;
    if (!held && leaving) changes.push(moved({ ...requeued(job), losses: job.losses }));
    else if (!held && !sameBoot) {
      losses.push({ facts: job, reason: `its agent ${presence.hostname} was started again` });
      changes.push(moved(lostOnce(job)));
    } else if (held && !sameBoot) changes.push(moved(leasedBy(job, presence, now)));
  }
  const mine = (id: string, epoch: number) => isHeldBy(state, id, epoch, presence.agentId);
  const renewed = holding.filter(({ id, epoch }) => mine(id, epoch));
  changes.push(heard(known, now, presence, renewed));
  const told = holding.flatMap(({ id, epoch }): Cancellation[] => {
    if (!mine(id, epoch)) return [{ id, reason: "lost" }];
    return state.jobs.get(id)?.cancelled ? [{ id, reason: "killed" }] : [];
  });
  return { changes, answer: { cancel: told, superseded: false, losses } };
}

function heard(known: AgentFacts | undefined, now: EpochMs, presence: Presence, renewed: Holding[]): Change {
  const newBoot = known !== undefined && known.presence.bootId !== presence.bootId;
  const past = known?.pastBoots ?? [];
  const pastBoots = newBoot ? [...past, known.presence.bootId].slice(-PAST_BOOTS_KEPT) : past;
  const durable =
    !known || newBoot || renewed.length > 0 || known.renewed.length > 0 || now - known.seenAt > IDLE_ROW_MS;
  // An idle agent keeps the `seenAt` of its row, so that the row's age is known.
  return {
    kind: "agent-heard",
    facts: { presence, pastBoots, seenAt: durable ? now : known.seenAt, renewed },
    durable,
  };
}

function* leasedTo(state: DispatchState, agentId: string): Iterable<JobFacts> {
  for (const id of state.leased) {
    const job = state.jobs.get(id);
    if (job?.phase.kind === "leased" && job.phase.agentId === agentId) yield job;
  }
}

function isHeldBy(state: DispatchState, id: string, epoch: number, agentId: string): boolean {
  const job = state.jobs.get(id);
  return job?.phase.kind === "leased" && job.epoch === epoch && job.phase.agentId === agentId;
}

function leasedBy(job: JobFacts, { agentId, bootId, hostname }: Presence, now: EpochMs): JobFacts {
  return { ...job, phase: { kind: "leased", agentId, bootId, worker: hostname, until: now + LEASE_MS } };
}

function requeued(job: JobFacts): JobFacts {
  if (job.cancelled) return { ...job, phase: { kind: "answering", answer: { state: "KILLED" } } };
  return { ...job, epoch: job.epoch + 1, phase: { kind: "queued" } };
}

function lostOnce(job: JobFacts): JobFacts {
  const losses = job.losses + 1;
  if (job.cancelled || losses < MAX_LOSSES) return { ...requeued(job), losses };
  const error = `The task was lost with its agent ${losses} times and is given up.`;
  return { ...job, losses, phase: { kind: "answering", answer: { state: "FAILED", error } } };
}

export type Given = Holding;
export type Asking = { presence: Presence; holding: readonly Holding[]; free: number };

/**
 * Gives out up to `free` jobs. What was given to this very start of the agent and is not in its list did not arrive (or was
 * dropped by it): that goes out first, under a new epoch. Then the queue.
 */
export function give(state: DispatchState, now: EpochMs, { presence, holding, free }: Asking): Decision<Given[]> {
  const holds = new Set(holding.map(({ id }) => id));
  const given: Given[] = [];
  const changes: Change[] = [];
  for (const job of leasedTo(state, presence.agentId)) {
    if (holds.has(job.id)) continue;
    if (job.cancelled || given.length >= free) {
      changes.push(moved(requeued(job)));
      continue;
    }
    const epoch = job.epoch + 1;
    given.push({ id: job.id, epoch });
    changes.push(moved({ ...leasedBy(job, presence, now), epoch }));
  }
  for (const list of [state.returned, state.waiting]) {
    for (const id of list) {
      if (given.length >= free) return { changes, answer: given };
      const job = state.jobs.get(id);
      if (!job) continue;
      given.push({ id, epoch: job.epoch });
      changes.push(moved(leasedBy(job, presence, now)));
    }
  }
  return { changes, answer: given };
}

/** The job when `epoch` is its current lease. */
export function currentLease(state: DispatchState, id: string, epoch: number): JobFacts | undefined {
  const job = state.jobs.get(id);
  return job?.phase.kind === "leased" && job.epoch === epoch ? job : undefined;
}

/** True when this lease ended with an accepted result: the same result again is acknowledged again. */
export function isAnswered(state: DispatchState, id: string, epoch: number): boolean {
  const job = state.jobs.get(id);
  return job?.phase.kind === "done" && job.epoch === epoch;
}

/** The cell has taken the answer: whatever the job was meanwhile, it is over. */
export function finish(state: DispatchState, now: EpochMs, id: string): Decision<void> {
  const job = state.jobs.get(id);
  if (!job || job.phase.kind === "done") return { changes: [], answer: undefined };
  return { changes: [moved({ ...job, phase: { kind: "done", at: now } })], answer: undefined };
}

/** Takes back every lease that has run out, but for jobs whose result is just being handed to the cell (`spared`). */
export function expire(state: DispatchState, now: EpochMs, spared: ReadonlySet<string>): Decision<Loss[]> {
  const changes: Change[] = [];
  const losses: Loss[] = [];
  for (const id of state.leased) {
    const job = state.jobs.get(id);
    if (job?.phase.kind !== "leased" || job.phase.until > now || spared.has(id)) continue;
    losses.push({ facts: job, reason: `nothing was heard of its agent ${job.phase.worker} for ${LEASE_MS / 1000} s` });
    changes.push(moved(lostOnce(job)));
  }
  return { changes, answer: losses };
}

/** After this actor was away: a lease that ran out meanwhile gets GRACE_MS, once. */
export function grace(state: DispatchState, now: EpochMs): Decision<void> {
  const changes: Change[] = [];
  for (const id of state.leased) {
    const job = state.jobs.get(id);
    if (job?.phase.kind !== "leased" || job.phase.graced || job.phase.until > now) continue;
    changes.push(moved({ ...job, phase: { ...job.phase, until: now + GRACE_MS, graced: true } }));
  }
  return { changes, answer: undefined };
}

/** Forgets jobs that ended DONE_KEPT_MS ago, and agents that have not come for a day. */
export function prune(state: DispatchState, now: EpochMs): Decision<void> {
  const changes: Change[] = [];
  for (const job of state.jobs.values()) {
    if (job.phase.kind === "done" && job.phase.at + DONE_KEPT_MS <= now)
      changes.push({ kind: "job-forgotten", id: job.id });
  }
  for (const [agentId, agent] of state.agents) {
    const gone = agent.seenAt + AGENT_KEPT_MS <= now && [...leasedTo(state, agentId)].length === 0;
    if (gone) changes.push({ kind: "agent-forgotten", agentId });
  }
  return { changes, answer: undefined };
}

/** When something is due next, or undefined when nothing will ever be. Retries of answers are the caller's. */
export function nextDue(state: DispatchState, now: EpochMs): EpochMs | undefined {
  let due: EpochMs | undefined;
  for (const id of state.leased) {
    const phase = state.jobs.get(id)?.phase;
    if (phase?.kind === "leased") due = Math.min(due ?? phase.until, phase.until);
  }
  if (due !== undefined || state.jobs.size === state.returned.size + state.waiting.size + state.answering.size)
    return due;
  return now + DONE_KEPT_MS;
}

export function lossLine(loss: Loss, after: JobFacts | undefined): string {
  const next =
    after?.phase.kind === "queued" ? `given to another agent (attempt ${after.epoch} of ${MAX_LOSSES})` : "given up";
  return `The task was lost: ${loss.reason}. It is ${next}.`;
}

export type AnswerOfOurs = { facts: JobFacts; answer: TaskAnswer };

/** Answers of our own that the cell has not taken yet. */
export function pendingAnswers(state: DispatchState): AnswerOfOurs[] {
  return [...state.answering].flatMap((id) => {
    const facts = state.jobs.get(id);
    return facts?.phase.kind === "answering" ? [{ facts, answer: facts.phase.answer }] : [];
  });
}
