// What a script waits for: timers and answers from outside. Hands them over one at a time.
import type { Budget } from "./budget.ts";
import type { Host } from "./contract.ts";
import { limitMessage, Refusal, ScriptFailure } from "./failure.ts";
import { FIXED } from "./limits.ts";

/** What the guest's `deliver` gets. */
export type Delivery =
  | { kind: "timer"; id: number }
  | { kind: "answer"; id: number; value: unknown; bytes?: Uint8Array }
  | { kind: "failure"; id: number; error: unknown };

export interface Completions {
  /** Starts work outside; its end is delivered to the guest's promise `id`. Throws a Refusal when too much is under way. */
  start(id: number, work: () => Promise<{ value: unknown; bytes?: Uint8Array }>): void;
}

interface Timer {
  dueAt: number;
  intervalMs: number | undefined;
}

export class EventLoop implements Completions {
  #host: Host;
  #budget: Budget;
  #signal: AbortSignal | undefined;
  #timers = new Map<number, Timer>();
  #inbox: Delivery[] = [];
  #underWay = 0;
  #wake: (() => void) | undefined;
  #isClosed = false;
  /** The time is at least this, whatever the clock says: a sleep until then has ended. */
  #reachedAt = 0;

  constructor(host: Host, budget: Budget, signal: AbortSignal | undefined) {
    this.#host = host;
    this.#budget = budget;
    this.#signal = signal;
  }

  get isIdle(): boolean {
    return this.#timers.size === 0 && this.#underWay === 0 && this.#inbox.length === 0;
  }

  start(id: number, work: () => Promise<{ value: unknown; bytes?: Uint8Array }>): void {
    if (this.#underWay >= FIXED.pendingCalls) {
      throw new Refusal("RangeError", "TOO_MANY_CALLS", `more than ${FIXED.pendingCalls} calls are under way`);
    }
    this.#underWay++;
    work().then(
      (answer) => this.#arrive({ kind: "answer", id, ...answer }),
      (error: unknown) => this.#arrive({ kind: "failure", id, error }),
    );
  }

  setTimer(id: number, delayMs: number, repeats: boolean): void {
    if (this.#timers.size >= FIXED.timers) {
      throw new Refusal("RangeError", "TOO_MANY_TIMERS", `more than ${FIXED.timers} timers are set`);
    }
    const delay = Math.min(Math.max(1, delayMs), 2 ** 31 - 1);
    this.#timers.set(id, { dueAt: this.#now() + delay, intervalMs: repeats ? delay : undefined });
  }

  clearTimer(id: number): void {
    this.#timers.delete(id);
  }

  /** Waits for the next event. Throws a ScriptFailure when the run is cancelled or its time is over. */
  async next(): Promise<Delivery> {
    for (;;) {
      if (this.#signal?.aborted) throw new ScriptFailure("CANCELLED", "The script was cancelled");
      if (this.#now() >= this.#budget.deadlineAt) {
        throw new ScriptFailure("TIME_LIMIT", limitMessage("TIME_LIMIT", this.#budget.limits));
      }
      const arrived = this.#inbox.shift();
      if (arrived) return arrived;
      const [id, timer] = this.#firstTimer();
      if (timer && timer.dueAt <= this.#now()) {
        if (timer.intervalMs === undefined) this.#timers.delete(id);
        else this.#timers.set(id, { ...timer, dueAt: this.#now() + timer.intervalMs });
        return { kind: "timer", id };
      }
      await this.#wait(Math.min(timer?.dueAt ?? Number.POSITIVE_INFINITY, this.#budget.deadlineAt));
    }
  }

  /** Forgets everything; what arrives later is dropped. */
  close(): void {
    this.#isClosed = true;
    this.#timers.clear();
    this.#inbox = [];
  }

  #now(): number {
    return Math.max(this.#host.now(), this.#reachedAt);
  }

  #firstTimer(): [number, Timer | undefined] {
    let first: [number, Timer | undefined] = [0, undefined];
    for (const entry of this.#timers) if (!first[1] || entry[1].dueAt < first[1].dueAt) first = entry;
    this.#budget.chargeForHost(this.#timers.size);
    return first;
  }

  async #wait(until: number): Promise<void> {
    const over = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const wake = () => this.#wake?.();
    this.#signal?.addEventListener("abort", wake, { once: true });
    const slept = this.#sleep(until - this.#now(), over.signal).then(() => {
      if (!over.signal.aborted) this.#reachedAt = Math.max(this.#reachedAt, until);
    });
    await Promise.race([slept, woken]);
    over.abort();
    this.#signal?.removeEventListener("abort", wake);
    this.#wake = undefined;
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#host.sleep(ms, signal);
    } catch {
      // A host that rejects a sleep it gave up is fine: the time counts as reached, so the loop always goes on.
    }
  }

  #arrive(delivery: Delivery): void {
    this.#underWay--;
    if (this.#isClosed) return;
    this.#inbox.push(delivery);
    this.#wake?.();
  }
}
