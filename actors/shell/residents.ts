import type { Live } from "./live.ts";

/** Executions kept in memory at most, beside those that are busy. */
const MAX_IDLE = 64;
/**
 * Of these, those that have ended: few come back to them, and what is dropped at once dies young. Kept for seconds it grows old, and the
 * runtime has to stop for all of its memory to find it.
 */
const MAX_ENDED = 4;

/** The loaded executions of a cell. The ones not touched for longest leave first; a busy one stays. */
export class Residents {
  readonly #lives = new Map<string, Live>();
  /** Of `#lives`. */
  readonly #ended = new Set<Live>();

  get(id: string): Live | undefined {
    const live = this.#lives.get(id);
    if (live === undefined) return undefined;
    this.#lives.delete(id);
    this.#lives.set(id, live);
    if (this.#ended.delete(live)) this.#ended.add(live);
    return live;
  }

  add(live: Live): void {
    this.#lives.set(live.id, live);
    if (this.#lives.size <= MAX_IDLE) return;
    for (const candidate of this.#lives.values()) {
      if (this.#lives.size <= MAX_IDLE) return;
      if (candidate !== live && !candidate.isBusy) this.delete(candidate.id);
    }
  }

  /** Hears that a turn of it is over. */
  rested(live: Live): void {
    if (!live.isTerminal || live.isBusy) return;
    this.#ended.add(live);
    for (const candidate of this.#ended) {
      if (this.#ended.size <= MAX_ENDED) return;
      // It may have been restarted.
      if (candidate.isTerminal && !candidate.isBusy) this.delete(candidate.id);
      else this.#ended.delete(candidate);
    }
  }

  delete(id: string): void {
    const live = this.#lives.get(id);
    if (live !== undefined) this.#ended.delete(live);
    this.#lives.delete(id);
  }
}
