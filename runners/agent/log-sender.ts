import { setTimeout as sleep } from "node:timers/promises";
import type { LogLine } from "#schema/log.ts";
import type { Holding, LogBatch } from "#schema/runner.ts";
import { BackOff } from "./back-off.ts";
import type { LogSpool } from "./log-spool.ts";
import { CallError } from "./protocol-client.ts";

/** How long a line waits for others, in ms. With the call itself it stays below 200 ms. */
const GATHER_MS = 100;
const BATCH_LINES = 1_000;
const BATCH_CHARS = 512_000;

export interface LogTarget {
  logs(lease: Holding, from: number, lines: LogBatch["lines"]): Promise<number>;
}

/** What became of a job's lines: all are durable, or the lease is another's, or the server will not take them. */
export type LogOutcome = "delivered" | "fenced" | "refused";

/** Sends the lines of one job, in order, each until it is acknowledged. */
export class LogSender {
  readonly #target: LogTarget;
  readonly #lease: Holding;
  readonly #spool: LogSpool;
  #closing = false;
  #wake: () => void = () => undefined;
  readonly #abandoned = new AbortController();
  /** Resolves when there is nothing more to send. Never rejects. */
  readonly done: Promise<LogOutcome>;

  constructor(target: LogTarget, lease: Holding, spool: LogSpool) {
    this.#target = target;
    this.#lease = lease;
    this.#spool = spool;
    this.done = this.#run().finally(() => spool.close());
  }

  push(lines: readonly LogLine[]): void {
    if (lines.length === 0) return;
    this.#spool.push(lines);
    this.#wake();
  }

  /** No more lines will come. */
  close(): Promise<LogOutcome> {
    this.#closing = true;
    this.#spool.finish();
    this.#wake();
    return this.done;
  }

  /** Stops sending: whatever is left goes nowhere. */
  abandon(): void {
    this.#abandoned.abort();
    this.#closing = true;
    this.#wake();
  }

  get isAbandoned(): boolean {
    return this.#abandoned.signal.aborted;
  }

  async #run(): Promise<LogOutcome> {
    const backOff = new BackOff(100, 5_000);
    const signal = this.#abandoned.signal;
    while (!signal.aborted) {
      if (!this.#spool.pending) {
        if (this.#closing) return "delivered";
        await this.#woken();
        continue;
      }
      await this.#gather();
      const { from, lines } = this.#spool.oldest(BATCH_LINES, BATCH_CHARS);
      try {
        const acknowledged = await this.#target.logs(this.#lease, from, lines);
        if (acknowledged < from) return "refused";
        this.#spool.acknowledge(acknowledged);
        backOff.reset();
      } catch (error) {
        const kind = error instanceof CallError ? error.kind : "refused";
        if (kind === "fenced" || kind === "refused") return kind;
        await backOff.wait(signal);
      }
    }
    return "fenced";
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #gather(): Promise<void> {
    if (this.#closing || this.#spool.inMemory >= BATCH_LINES) return;
    const woken = new AbortController();
    this.#wake = () => {
      if (this.#closing || this.#spool.inMemory >= BATCH_LINES) woken.abort();
    };
    await sleep(GATHER_MS, undefined, { signal: woken.signal }).catch(() => undefined);
  }
}
