import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Logger } from "pino";
import {
  type Cancellation,
  type ClaimAnswer,
  type ClaimRequest,
  HEARTBEAT_MS,
  type HeartbeatAnswer,
  type HeartbeatRequest,
  type Holding,
  type Job,
  LEASE_MS,
  type Presence,
} from "#schema/runner.ts";
import { BackOff } from "./back-off.ts";
import { HeldJob, type JobServer } from "./held-job.ts";
import type { JobRunner } from "./job-runner.ts";
import { CallError } from "./protocol-client.ts";

/** What an agent asks of the server. */
export interface AgentServer extends JobServer {
  claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer>;
  heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer>;
}

export type AgentOptions = {
  server: AgentServer;
  presence: Presence;
  runners: readonly JobRunner[];
  spoolDir: string;
  log: Logger;
  /** Most bytes of one job's lines on disk. */
  maxSpoolBytes?: number;
  /** LEASE_MS of the server, unless a test has a shorter one. */
  leaseMs?: number;
};

/** Results may wait for a server that is away, but not without bound: above this many the agent claims nothing. */
const MAX_UNDELIVERED = 200;
/** A task is ended this long before another agent may have it. */
const LEASE_MARGIN_MS = 5_000;
const LEASE_CHECK_MS = 1_000;
const DEFAULT_SPOOL_BYTES = 64_000_000;

/**
 * Claims jobs, runs them, keeps their leases and tells what came of them.
 *
 * A1. One claim is open at any time, also without a free slot: a kill arrives through it within a second.
 * A2. A job stays in `holding` until its result is acknowledged or it is another's.
 * A3. A running task whose lease could not be renewed for LEASE_MS - 5 s is ended.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #held = new Map<string, HeldJob>();
  readonly #runs = new WeakMap<HeldJob, Promise<void>>();
  readonly #stopping = new AbortController();
  #openClaim: { free: number; abort: AbortController } | undefined;
  #changed: () => void = () => undefined;
  #offline = false;
  #drainUntilMs = 0;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  /** Works until `stop`, or until another start of this agent has taken over (then it rejects). */
  async run(): Promise<void> {
    const heartbeat = setInterval(() => void this.#heartbeat(), HEARTBEAT_MS);
    const leases = setInterval(() => this.#checkLeases(), LEASE_CHECK_MS);
    try {
      await this.#claimLoop();
    } finally {
      await this.#leave();
      clearInterval(heartbeat);
      clearInterval(leases);
    }
  }

  /** No more claims; running tasks get `drainMs` to end, then they are given back. `run` resolves after that. */
  stop(drainMs = 0): void {
    this.#drainUntilMs = performance.now() + drainMs;
    this.#stopping.abort();
    this.#openClaim?.abort.abort();
  }

  get #busy(): number {
    return [...this.#held.values()].filter(({ phase }) => phase === "running").length;
  }

  get #free(): number {
    const free = this.#options.presence.slots - this.#busy;
    return this.#held.size >= MAX_UNDELIVERED ? 0 : Math.max(0, free);
  }

  get #holding(): Holding[] {
    return [...this.#held.values()].filter((held) => !held.isLost).map(({ lease }) => lease);
  }

  async #claimLoop(): Promise<void> {
    const backOff = new BackOff(200, 4_000);
    const refused = new BackOff(5_000, 60_000);
    while (!this.#stopping.signal.aborted) {
      const free = this.#free;
      const abort = new AbortController();
      this.#openClaim = { free, abort };
      const request = { presence: this.#options.presence, free, holding: this.#holding, nonce: randomUUID() };
      try {
        const answer = await this.#options.server.claim(request, abort.signal);
        this.#online();
        backOff.reset();
        refused.reset();
        this.#take(answer, request.holding);
      } catch (error) {
        if (abort.signal.aborted) continue;
        if (error instanceof Superseded) throw error;
        this.#noteFailure(error);
        const wrongToken = error instanceof CallError && error.kind === "unauthorized";
        await (wrongToken ? refused : backOff).wait(this.#stopping.signal);
      }
    }
  }

  #take(answer: ClaimAnswer, asked: readonly Holding[]): void {
    if (answer.superseded) throw new Superseded();
    this.#renew(asked);
    this.#cancel(answer.cancel ?? []);
    for (const job of answer.jobs) this.#start(job);
  }

  #start(job: Job): void {
    const { server, runners, spoolDir, log, maxSpoolBytes = DEFAULT_SPOOL_BYTES } = this.#options;
    // An earlier epoch of the same job is another's now, even when that other is this agent.
    const before = this.#held.get(job.id);
    before?.stop({ kind: "lost", why: "it was given out again" });
    const held = new HeldJob({
      job,
      server,
      runner: runners.find((runner) => runner.runs(job.type)),
      spoolPath: join(spoolDir, `${randomUUID()}.ndjson`),
      maxSpoolBytes,
      monotonicMs: () => performance.now(),
      onTrouble: (message, error) => log.warn({ err: error }, message),
    });
    this.#held.set(job.id, held);
    const done = held.run(before && this.#runs.get(before)).finally(() => this.#ended(held));
    this.#runs.set(held, done);
    log.info({ job: job.id, epoch: job.epoch, type: job.type }, "job started");
  }

  #ended(held: HeldJob): void {
    if (this.#held.get(held.job.id) === held) this.#held.delete(held.job.id);
    this.#options.log.info({ job: held.job.id, epoch: held.job.epoch }, "job ended");
    this.#changed();
    // A claim that was opened without a free slot would keep this one idle.
    if (this.#openClaim?.free === 0 && this.#free > 0) this.#openClaim.abort.abort();
  }

  async #heartbeat(): Promise<void> {
    const holding = this.#holding;
    if (holding.length === 0) return;
    try {
      const answer = await this.#options.server.heartbeat({ presence: this.#options.presence, holding });
      this.#online();
      this.#renew(holding);
      this.#cancel(answer.cancel);
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  #renew(holding: readonly Holding[]): void {
    for (const { id, epoch } of holding) {
      const held = this.#held.get(id);
      if (held?.lease.epoch === epoch) held.renewedAtMs = performance.now();
    }
  }

  #cancel(cancellations: readonly Cancellation[]): void {
    for (const { id, reason } of cancellations) {
      this.#held
        .get(id)
        ?.stop(reason === "killed" ? { kind: "killed" } : { kind: "lost", why: "another agent has it" });
    }
  }

  #checkLeases(): void {
    const now = performance.now();
    const { leaseMs = LEASE_MS } = this.#options;
    for (const held of this.#held.values()) {
      if (held.phase !== "running" || held.isLost || now - held.renewedAtMs < leaseMs - LEASE_MARGIN_MS) continue;
      this.#options.log.warn({ job: held.job.id }, "the lease could not be renewed: the task is ended");
      held.stop({ kind: "lost", why: "its lease could not be renewed" });
    }
  }

  async #leave(): Promise<void> {
    while (this.#held.size > 0 && performance.now() < this.#drainUntilMs) await this.#change(250);
    for (const held of this.#held.values()) held.stop({ kind: "lost", why: "the agent stops" });
    while (this.#busy > 0) await this.#change(1_000);
    const goodbye = { presence: this.#options.presence, holding: [], leaving: true };
    await this.#options.server.heartbeat(goodbye).catch(() => undefined);
  }

  /** Resolves when a job has ended, or after `ms`. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #online(): void {
    if (this.#offline) this.#options.log.info("the server answers again");
    this.#offline = false;
  }

  #noteFailure(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof CallError && error.kind === "unauthorized") {
      this.#options.log.error(
        `The server refuses this agent's token. Check --token-file or WINDHOVER_AGENT_TOKEN (${message})`,
      );
    } else if (!this.#offline) this.#options.log.warn(`${message}; trying again until it answers`);
    this.#offline = true;
  }
}

/** Another start of the same agent (the same data folder) has taken over. */
export class Superseded extends Error {
  constructor() {
    super("Another agent with the same data folder has taken over. Give each agent a data folder of its own (--data).");
    this.name = "Superseded";
  }
}
