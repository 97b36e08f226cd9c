// Every state an execution was in, from its events.
//
// H1. `at(n)` is the state after the first `n` events; the same `n` gives the same state.
// H2. It costs at most EVERY reductions, whatever the length of the log: some states are kept on the way.

/** Events between two kept states. States share what did not change, so keeping one is cheap. */
const EVERY = 64;

export class History<State, Event> {
  readonly events: Event[] = [];
  readonly #reduce: (state: State, event: Event) => State;
  readonly #kept: State[];
  #now: State;

  constructor(initial: State, reduce: (state: State, event: Event) => State) {
    this.#reduce = reduce;
    this.#kept = [initial];
    this.#now = initial;
  }

  /** The state after every event so far. */
  get now(): State {
    return this.#now;
  }

  push(event: Event): void {
    this.events.push(event);
    this.#now = this.#reduce(this.#now, event);
    if (this.events.length % EVERY === 0) this.#kept.push(this.#now);
  }

  /** The state after the first `count` events; before the first for less than none, after the last for more than there are. */
  at(count: number): State {
    const wanted = Math.min(Math.max(0, Math.floor(count)), this.events.length);
    if (wanted === this.events.length) return this.#now;
    const index = Math.floor(wanted / EVERY);
    let state = this.#kept[index] ?? this.#now;
    for (const event of this.events.slice(index * EVERY, wanted)) state = this.#reduce(state, event);
    return state;
  }
}
