import type { EpochMs } from "#schema/json.ts";

type Timer = { readonly at: EpochMs; readonly effect: string };

/** Timers by due time: a binary heap, so that ten thousand waiting ones cost no more at each turn than ten. */
export class Timers {
  readonly #heap: Timer[] = [];

  get next(): EpochMs | undefined {
    return this.#heap[0]?.at;
  }

  add(at: EpochMs, effect: string): void {
    const heap = this.#heap;
    heap.push({ at, effect });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (this.#at(parent) <= this.#at(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  /** The effects whose time has come, earliest first, taken out. */
  takeDue(now: EpochMs): string[] {
    const due: string[] = [];
    while (this.#heap.length > 0 && this.#at(0) <= now) due.push(this.#pop());
    return due;
  }

  #pop(): string {
    const heap = this.#heap;
    this.#swap(0, heap.length - 1);
    const { effect = "" } = heap.pop() ?? {};
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2]) if (this.#at(child) < this.#at(least)) least = child;
      if (least === parent) return effect;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return;
    this.#heap[a] = right;
    this.#heap[b] = left;
  }
}
