import type { EpochMs, Json } from "#schema/json.ts";
import type { LogLine } from "#schema/log.ts";
import {
  type Cancellation,
  CLAIM_WAIT_MS,
  type ClaimAnswer,
  type ClaimRequest,
  type HeartbeatAnswer,
  type HeartbeatRequest,
  type Holding,
  Job,
  type LogBatch,
  type ResultRequest,
} from "#schema/runner.ts";
import * as core from "./dispatch-core.ts";
import type { DispatchActorRpc, DispatchStatus, LeaseFacts, LogsAnswer, ResultAnswer } from "./dispatch-rpc.ts";
import { applyChanges, type Decision, type JobFacts, type MutableState } from "./dispatch-state.ts";
import { DispatchStore } from "./dispatch-store.ts";
import { Lanes } from "./lanes.ts";
import type { DispatchPorts } from "./ports.ts";
import { Presences } from "./presences.ts";

/** An open claim. */
type Waiter = { request: ClaimRequest; settle: (answer: ClaimAnswer) => void };

/** Something overdue that must wait for a cell is looked at again after this long, not at once. */
const SHORTEST_ALARM_MS = 250;
const ANSWER_RETRY_MS = { first: 500, longest: 30_000 };

/**
 * The Dispatch actor without its platform: decides by `dispatch-core.ts`, commits, then speaks to cells and agents.
 * Owns the open claims and the order of calls about one job; owns no decision.
 */
export class DispatchRoom implements DispatchActorRpc {
  readonly #ports: DispatchPorts;
  readonly #store: DispatchStore;
  readonly #state: MutableState;
  readonly #waiters = new Map<string, Waiter>();
  readonly #lanes = new Lanes();
  readonly #presences: Presences;
  /** Jobs whose answer the cell is just being asked to take. */
  readonly #answering = new Set<string>();
  /** Cancelled jobs whose agent has been told through a claim, so that its next claim waits again. */
  readonly #told = new Set<string>();
  #armedFor = Number.POSITIVE_INFINITY;
  #answerRetryMs = ANSWER_RETRY_MS.first;

  constructor(ports: DispatchPorts) {
    this.#ports = ports;
    this.#store = new DispatchStore(ports.sql);
    this.#state = this.#store.load();
    const now = ports.clock.now();
    this.#presences = new Presences(this.#state, now);
    this.#commit(core.grace(this.#state, now));
    this.#commit(core.prune(this.#state, now));
    this.#afterwards();
  }

  async enqueue(job: core.NewJob): Promise<core.Enqueued> {
    const answer = this.#commit(core.enqueue(this.#state, this.#now(), job));
    this.#afterwards();
    return answer;
  }

  async cancel(jobId: string): Promise<core.Cancelled> {
    const answer = this.#commit(core.cancel(this.#state, this.#now(), jobId));
    if (answer === "told") this.#tellCancelled(jobId);
    this.#afterwards();
    return answer;
  }

  async claim(request: ClaimRequest): Promise<ClaimAnswer> {
    const { presence, holding } = request;
    const heard = this.#hear({ presence, holding });
    if (heard.superseded) return { jobs: [], ...heard };
    this.#waiters.get(presence.agentId)?.settle({ jobs: [] });
    const cancel = heard.cancel.filter(({ id, reason }) => reason === "lost" || !this.#told.has(id));
    const jobs = this.#give(request);
    this.#afterwards();
    if (jobs.length > 0 || cancel.length > 0) {
      this.#noteTold(cancel);
      return { jobs, cancel };
    }
    return this.#hold(request);
  }

  async heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer> {
    const { agentId } = request.presence;
    const heard = this.#hear(request);
    if (request.leaving && !heard.superseded) {
      this.#waiters.get(agentId)?.settle({ jobs: [] });
      this.#presences.left(agentId);
    }
    this.#afterwards();
    return heard;
  }

  logs(batch: LogBatch): Promise<LogsAnswer> {
    return this.#lanes.run(batch.id, async () => {
      const job = core.currentLease(this.#state, batch.id, batch.epoch);
      if (!job) return "fenced";
      const next = this.#state.logged.get(job.id) ?? 0;
      const fresh = batch.from > next ? [] : batch.lines.slice(next - batch.from);
      if (fresh.length === 0) return { acknowledged: next };
      await this.#ports.cells.logs(
        job.executionId,
        job.effect,
        fresh.map((line) => ofTask(line, job)),
        { epoch: batch.epoch, from: next },
      );
      if (!core.currentLease(this.#state, batch.id, batch.epoch)) return "fenced";
      const taken = { kind: "lines-taken", id: job.id, epoch: batch.epoch, next: next + fresh.length } as const;
      this.#commit({ changes: [taken], answer: undefined });
      return { acknowledged: taken.next };
    });
  }

  result({ id, epoch, answer }: ResultRequest): Promise<ResultAnswer> {
    return this.#lanes.run(id, async () => {
      if (core.isAnswered(this.#state, id, epoch)) return "accepted";
      const job = core.currentLease(this.#state, id, epoch);
      if (!job) return "fenced";
      await this.#handOver(job, answer);
      return "accepted";
    });
  }

  async mayUse(jobId: string, epoch: number, uri?: string): Promise<LeaseFacts | null> {
    const job = core.currentLease(this.#state, jobId, epoch);
    if (!job) return null;
    const { tenant, namespace, flowId, executionId, taskId, taskRunId } = job;
    const mentions = uri !== undefined && this.#mentions(jobId, uri);
    return { tenant, namespace, flowId, executionId, taskId, taskRunId, mentions };
  }

  async status(): Promise<DispatchStatus> {
    return this.#presences.status(this.#state, this.#now(), new Set(this.#waiters.keys()));
  }

  /** The alarm: takes back what ran out, hands over our own answers, forgets what is old. Never rejects. */
  async alarm(): Promise<void> {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#now();
    this.#reportLosses(this.#commit(core.expire(this.#state, now, this.#answering)));
    this.#commit(core.prune(this.#state, now));
    await this.#deliverOwnAnswers();
    this.#afterwards();
  }

  sweep(): Promise<void> {
    return this.alarm();
  }

  #now(): EpochMs {
    return this.#ports.clock.now();
  }

  #commit<Answer>({ changes, answer }: Decision<Answer>): Answer {
    this.#store.commit(changes);
    applyChanges(this.#state, changes);
    return answer;
  }

  /** What follows from any change: open claims are served, and the alarm stands at the next due time. */
  #afterwards(): void {
    for (const waiter of [...this.#waiters.values()]) {
      if (this.#state.returned.size + this.#state.waiting.size === 0) break;
      const jobs = waiter.request.free > 0 ? this.#give(waiter.request) : [];
      if (jobs.length > 0) waiter.settle({ jobs });
    }
    const now = this.#now();
    const retryAt = this.#state.answering.size > 0 ? now + this.#answerRetryMs : undefined;
    const due = Math.min(
      core.nextDue(this.#state, now) ?? Number.POSITIVE_INFINITY,
      retryAt ?? Number.POSITIVE_INFINITY,
    );
    if (due >= this.#armedFor) return;
    this.#armedFor = Math.max(due, now + SHORTEST_ALARM_MS);
    this.#ports.alarm.set(this.#armedFor);
  }

  #hear(hearing: core.Hearing) {
    const now = this.#now();
    const { losses, ...heard } = this.#commit(core.hear(this.#state, now, hearing));
    if (!heard.superseded) this.#presences.heard(hearing.presence.agentId, now);
    this.#reportLosses(losses);
    return heard;
  }

  #give(request: ClaimRequest): Job[] {
    const now = this.#now();
    const given = this.#commit(core.give(this.#state, now, request));
    return given.flatMap(({ id, epoch }) => this.#open(id, epoch, request.presence.hostname, now));
  }

  #open(id: string, epoch: number, worker: string, now: EpochMs): Job[] {
    const facts = this.#state.jobs.get(id);
    const payload = this.#store.payload(id);
    if (!facts || !payload) return [];
    const { executionId, effect } = facts;
    this.#lanes.background(id, () => this.#ports.cells.started(executionId, effect, worker, now));
    return [Job.parse({ ...JSON.parse(payload), epoch })];
  }

  #hold(request: ClaimRequest): Promise<ClaimAnswer> {
    const { agentId } = request.presence;
    return new Promise((resolve) => {
      const settle = (answer: ClaimAnswer) => {
        stop();
        if (this.#waiters.get(agentId) === waiter) this.#waiters.delete(agentId);
        this.#presences.heard(agentId, this.#now());
        resolve(answer);
      };
      const stop = this.#ports.clock.after(CLAIM_WAIT_MS, () => settle({ jobs: [] }));
      const waiter: Waiter = { request, settle };
      this.#waiters.set(agentId, waiter);
    });
  }

  #tellCancelled(jobId: string): void {
    for (const { request, settle } of this.#waiters.values()) {
      if (!request.holding.some((held: Holding) => held.id === jobId)) continue;
      const cancel: Cancellation[] = [{ id: jobId, reason: "killed" }];
      this.#noteTold(cancel);
      settle({ jobs: [], cancel });
    }
  }

  #noteTold(cancel: readonly Cancellation[]): void {
    for (const { id, reason } of cancel) if (reason === "killed") this.#told.add(id);
  }

  #reportLosses(losses: readonly core.Loss[]): void {
    for (const loss of losses) {
      const { id, executionId, effect } = loss.facts;
      const line = core.lossLine(loss, this.#state.jobs.get(id));
      this.#lanes.background(id, () => this.#ports.cells.lost(executionId, effect, line));
    }
  }

  async #handOver(job: JobFacts, answer: ResultRequest["answer"]): Promise<void> {
    this.#answering.add(job.id);
    try {
      await this.#ports.cells.finished(job.executionId, job.effect, answer);
      this.#commit(core.finish(this.#state, this.#now(), job.id));
      this.#told.delete(job.id);
    } finally {
      this.#answering.delete(job.id);
      this.#afterwards();
    }
  }

  /** Tries every answer of our own once; those the cell did not take are tried again at the next alarm. */
  async #deliverOwnAnswers(): Promise<void> {
    const pending = core.pendingAnswers(this.#state);
    const tries = pending.map(({ facts, answer }) => this.#lanes.run(facts.id, () => this.#handOver(facts, answer)));
    const failed = (await Promise.allSettled(tries)).some(({ status }) => status === "rejected");
    const { first, longest } = ANSWER_RETRY_MS;
    this.#answerRetryMs = failed ? Math.min(this.#answerRetryMs * 2, longest) : first;
  }

  #mentions(jobId: string, uri: string): boolean {
    const payload = this.#store.payload(jobId);
    return payload !== undefined && holdsText(JSON.parse(payload), uri);
  }
}

function ofTask({ at, level, message }: LogLine, { taskId, taskRunId }: JobFacts): LogLine {
  return { at, level, message, taskId, taskRunId };
}

/** True when a text anywhere in `value` holds `text`. */
function holdsText(value: Json, text: string): boolean {
  if (typeof value === "string") return value.includes(text);
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(([key, inner]) => key.includes(text) || holdsText(inner, text));
}
