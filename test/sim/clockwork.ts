import type { Random } from "./random.ts";

type Happening = { at: number; order: number; name: string; run: () => void | Promise<void> };

/** Virtual time: what is to happen, in order of time; what happens at the same time in an order the seed decides. */
export class Clockwork {
  now = 1_700_000_000_000;
  /** Changes with everything that happened, in what order: two runs of one seed agree in it. */
  trace = 0x811c9dc5;
  happened = 0;
  readonly #random: Random;
  readonly #queue: Happening[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  in(ms: number, name: string, run: () => void | Promise<void>): void {
    this.#add({ at: this.now + Math.max(0, ms), order: this.#random.next(), name, run });
  }

  get size(): number {
    return this.#queue.length;
  }

  /** Lets the next thing happen; false when nothing is left or the next is after `until`. */
  async step(until: number): Promise<boolean> {
    const next = this.#queue[0];
    if (next === undefined || next.at > until) return false;
    this.#take();
    this.now = Math.max(this.now, next.at);
    this.happened += 1;
    this.note(`${next.at}:${next.name}`);
    await next.run();
    // Lets every promise that can go on do so before the next thing happens.
    await new Promise(setImmediate);
    return true;
  }

  note(text: string): void {
    for (let i = 0; i < text.length; i++) this.trace = Math.imul(this.trace ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }

  #add(item: Happening): void {
    const queue = this.#queue;
    queue.push(item);
    for (let child = queue.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#before(child, parent)) return;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #take(): void {
    const queue = this.#queue;
    this.#swap(0, queue.length - 1);
    queue.pop();
    for (let parent = 0; ; ) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < queue.length && this.#before(child, least)) least = child;
      if (least === parent) return;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #before(a: number, b: number): boolean {
    const [left, right] = [this.#queue[a], this.#queue[b]];
    if (left === undefined || right === undefined) return false;
    return left.at < right.at || (left.at === right.at && left.order < right.order);
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#queue[a], this.#queue[b]];
    if (left === undefined || right === undefined) return;
    this.#queue[a] = right;
    this.#queue[b] = left;
  }
}
