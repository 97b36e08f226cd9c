import { createSubscriber } from "svelte/reactivity";

/** The time as the page shows it, ticking while somebody looks. */
class Ticker {
  readonly #subscribe: () => void;

  constructor(everyMs: number) {
    this.#subscribe = createSubscriber((update) => {
      const timer = setInterval(() => {
        if (!document.hidden) update();
      }, everyMs);
      document.addEventListener("visibilitychange", update);
      return () => {
        clearInterval(timer);
        document.removeEventListener("visibilitychange", update);
      };
    });
  }

  get nowMs(): number {
    this.#subscribe();
    return Date.now();
  }
}

/** For relative times. */
export const slowClock = new Ticker(10_000);
/** For growing bars and running durations. */
export const fastClock = new Ticker(200);
