import { type ApiFailure, asFailure } from "./api.ts";
import { connection } from "./connection.svelte.ts";

/**
 * Something that is loaded. Keeps the last answer while a newer one is on its way, drops answers that were overtaken,
 * and asks again by itself when the server came back.
 */
export class Resource<T> {
  data = $state.raw<T>();
  failure = $state.raw<ApiFailure>();
  loading = $state(false);
  readonly #load: (signal: AbortSignal) => Promise<T>;
  #abort: AbortController | undefined;

  /** `load` is called in an effect: what it reads before its first await makes it load again. */
  constructor(load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load;
    $effect(() => {
      connection.returns;
      void this.#start();
      return () => this.#abort?.abort();
    });
  }

  /** True until there is either an answer or a failure. */
  get waiting(): boolean {
    return this.data === undefined && this.failure === undefined;
  }

  /** Asks again every `everyMs` while the page is seen. Call it where the resource is made. */
  poll(everyMs: () => number): void {
    $effect(() => {
      const ms = everyMs();
      if (ms <= 0) return;
      const timer = setInterval(() => {
        if (!document.hidden && !connection.away) void this.#start();
      }, ms);
      return () => clearInterval(timer);
    });
  }

  async reload(): Promise<void> {
    await this.#start();
  }

  async #start(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    const answer = this.#load(abort.signal);
    this.loading = true;
    try {
      const data = await answer;
      if (abort.signal.aborted) return;
      this.data = data;
      this.failure = undefined;
    } catch (cause) {
      if (abort.signal.aborted) return;
      this.failure = asFailure(cause);
    }
    this.loading = false;
  }
}
