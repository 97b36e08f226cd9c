/** Runs bodies of the same key one after the other, in the order they were asked for; a rejected one does not stop the next. */
export class Lanes {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, body: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const mine = before ? before.then(body, body) : body();
    const tail = mine
      .catch(() => undefined)
      .finally(() => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    this.#tails.set(key, tail);
    return mine;
  }

  /** For what may be lost: a rejection is dropped. */
  background(key: string, body: () => Promise<void>): void {
    this.run(key, body).catch(() => undefined);
  }
}
