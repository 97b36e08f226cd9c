import { setTimeout as sleep } from "node:timers/promises";

/** Waits that double from `firstMs` to `longestMs`, each shortened by up to a half so that many agents do not call as one. */
export class BackOff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }

  /** Resolves after the next wait, or at once when `signal` is aborted. */
  async wait(signal?: AbortSignal): Promise<void> {
    const ms = this.#nextMs * (0.5 + Math.random() / 2);
    this.#nextMs = Math.min(this.#nextMs * 2, this.#longestMs);
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}
