import type { TaskAnswer } from "#schema/event.ts";
import { cutMessage, type LogLine } from "#schema/log.ts";
import { Masker } from "#schema/mask.ts";
import type { Holding, Job } from "#schema/runner.ts";
import type { Level } from "#schema/state.ts";
import { TaskFailure } from "#tasks/define.ts";
import { BackOff } from "./back-off.ts";
import { isStopReason, type StopReason } from "./backend.ts";
import { isoDuration } from "./iso-duration.ts";
import type { JobContext, JobRunner } from "./job-runner.ts";
import { LogSender, type LogTarget } from "./log-sender.ts";
import { LogSpool } from "./log-spool.ts";
import { CallError } from "./protocol-client.ts";

/** What a held job asks of the server. */
export interface JobServer extends LogTarget {
  result(lease: Holding, answer: TaskAnswer): Promise<void>;
  download(lease: Holding, uri: string, path: string, signal: AbortSignal): Promise<void>;
  upload(lease: Holding, name: string, path: string, signal: AbortSignal): Promise<string>;
}

export type HeldJobOptions = {
  job: Job;
  server: JobServer;
  runner: JobRunner | undefined;
  spoolPath: string;
  maxSpoolBytes: number;
  /** A clock that never jumps, in ms. */
  monotonicMs: () => number;
  onTrouble: (message: string, error: unknown) => void;
};

/** A longer timer would fire at once. A task with a longer timeout (24 days) has none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `running`: a task may be at work. `delivering`: it has ended; logs and result are on their way. */
export type HeldPhase = "running" | "delivering" | "settled";

/** One leased job, from its claim until the server has its result or it is another's. */
export class HeldJob implements JobContext {
  readonly job: Job;
  readonly lease: Holding;
  readonly attempt: { label: string };
  readonly masker: Masker;
  readonly #options: HeldJobOptions;
  readonly #sender: LogSender;
  readonly #stop = new AbortController();
  phase: HeldPhase = "running";
  /** When the lease was last known to be ours, on the monotonic clock. */
  renewedAtMs: number;

  constructor(options: HeldJobOptions) {
    const { job } = options;
    this.#options = options;
    this.job = job;
    this.lease = { id: job.id, epoch: job.epoch };
    this.masker = new Masker(job.secrets);
    this.attempt = { label: `${job.id}#${job.epoch}` };
    this.renewedAtMs = options.monotonicMs();
    this.#sender = new LogSender(options.server, this.lease, new LogSpool(options.spoolPath, options.maxSpoolBytes));
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  log(level: Level, message: string): void {
    this.#sender.push([{ at: Date.now(), level, message: cutMessage(this.masker.mask(message)) }]);
  }

  lines(lines: readonly LogLine[]): void {
    this.#sender.push(lines.map((line) => ({ ...line, message: this.masker.mask(line.message) })));
  }

  download(uri: string, path: string): Promise<void> {
    return this.#withRetries(() => this.#options.server.download(this.lease, uri, path, this.signal), uri);
  }

  upload(name: string, path: string): Promise<string> {
    return this.#withRetries(() => this.#options.server.upload(this.lease, name, path, this.signal), name);
  }

  /** The first reason counts, but for `lost`, which always does. */
  stop(reason: StopReason): void {
    if (reason.kind === "lost") this.#sender.abandon();
    this.#stop.abort(reason);
  }

  get isLost(): boolean {
    return this.#sender.isAbandoned;
  }

  /** Does the job once `before` (an earlier lease of it here) is through. Resolves when nothing is left to do; never rejects. */
  async run(before?: Promise<void>): Promise<void> {
    await before;
    const answer = this.#masked(await this.#perform());
    this.phase = "delivering";
    const logs = await this.#sender.close();
    if (logs === "refused") this.#options.onTrouble(`the server refuses log lines of ${this.job.id}`, undefined);
    if (logs !== "fenced") await this.#deliver(answer);
    this.phase = "settled";
  }

  #masked(answer: TaskAnswer): TaskAnswer {
    return answer.error === undefined ? answer : { ...answer, error: this.masker.mask(answer.error) };
  }

  async #perform(): Promise<TaskAnswer> {
    const { job, runner } = this.#options;
    const { timeoutMs } = job;
    const limited = timeoutMs !== undefined && timeoutMs <= LONGEST_TIMER_MS;
    const timer = limited ? setTimeout(() => this.stop({ kind: "timeout" }), timeoutMs) : undefined;
    try {
      if (!runner) return { state: "FAILED", error: `This runner agent cannot run tasks of type ${job.type}.` };
      const answer = await runner.run(this);
      return this.signal.aborted ? this.#stopped(answer) : answer;
    } catch (error) {
      return this.signal.aborted ? this.#stopped({ state: "FAILED" }) : this.#failed(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #stopped({ outputs, metrics }: TaskAnswer): TaskAnswer {
    const reason: unknown = this.signal.reason;
    if (!isStopReason(reason) || reason.kind !== "timeout") return { state: "KILLED", outputs, metrics };
    const error = `Timeout after ${isoDuration(this.job.timeoutMs ?? 0)}`;
    this.log("ERROR", error);
    return { state: "FAILED", error, outputs, metrics };
  }

  #failed(error: unknown): TaskAnswer {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof TaskFailure)) this.#options.onTrouble(`job ${this.job.id} failed in the agent`, error);
    this.log("ERROR", message);
    return { state: "FAILED", error: message, ...(error instanceof TaskFailure ? { outputs: error.outputs } : {}) };
  }

  async #deliver(answer: TaskAnswer): Promise<void> {
    const backOff = new BackOff(100, 10_000);
    let toSend = answer;
    while (!this.isLost) {
      try {
        return await this.#options.server.result(this.lease, toSend);
      } catch (error) {
        const kind = error instanceof CallError ? error.kind : "unavailable";
        if (kind === "fenced") return this.#options.onTrouble(`the result of ${this.job.id} came too late`, error);
        if (kind === "refused" && toSend !== answer)
          return this.#options.onTrouble(`no result of ${this.job.id} is taken`, error);
        if (kind === "refused")
          toSend = { state: "FAILED", error: `The server refuses this task's result: ${String(error)}` };
        else await backOff.wait();
      }
    }
  }

  /** Files wait for the server as long as the lease does. */
  async #withRetries<T>(call: () => Promise<T>, what: string): Promise<T> {
    const backOff = new BackOff(200, 5_000);
    for (;;) {
      try {
        return await call();
      } catch (error) {
        this.signal.throwIfAborted();
        if (!(error instanceof CallError)) throw error;
        if (error.kind !== "unavailable") throw new TaskFailure(`File ${what}: ${error.message}`);
        await backOff.wait(this.signal);
      }
    }
  }
}
