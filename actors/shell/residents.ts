import type { Live } from "./live.ts";

/** Executions kept in memory at most, beside those that are busy. */
const MAX_IDLE = 64;

/** The loaded executions of a cell. The ones not touched for longest leave first; a busy one stays. */
export class Residents {
  readonly #lives = new Map<string, Live>();

  get(id: string): Live | undefined {
    const live = this.#lives.get(id);
    if (live === undefined) return undefined;
    this.#lives.delete(id);
    this.#lives.set(id, live);
    return live;
  }

  add(live: Live): void {
    this.#lives.set(live.id, live);
    if (this.#lives.size <= MAX_IDLE) return;
    for (const [id, candidate] of this.#lives) {
      if (this.#lives.size <= MAX_IDLE) return;
      if (candidate !== live && !candidate.isBusy) this.#lives.delete(id);
    }
  }

  delete(id: string): void {
    this.#lives.delete(id);
  }
}
