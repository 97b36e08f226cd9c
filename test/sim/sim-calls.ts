import { type Lab, Refused } from "./lab.ts";

/** Messages and calls between objects: late, lost, doubled, refused, or done without the caller hearing of it. */
export class SimCalls {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  delay(): number {
    const { random, settings } = this.#lab;
    const most = this.#lab.isFaulty() ? settings.message.longestDelayMs : 50;
    const delay = random.int(0, most + 1);
    if (delay > 1_000) this.#lab.coverage.hit("fault", "message late");
    return delay;
  }

  #happens(rate: "lost" | "duplicate" | "refused", fault: string): boolean {
    const { random, settings, coverage } = this.#lab;
    if (!this.#lab.isFaulty() || !random.chance(settings.message[rate])) return false;
    coverage.hit("fault", fault);
    return true;
  }

  /** A message that arrives some time, perhaps twice; or never, if the sender can live with that. */
  send(name: string, mayBeLost: boolean, deliver: () => void): void {
    const { clock } = this.#lab;
    if (mayBeLost && this.#happens("lost", "message lost")) return;
    clock.in(this.delay(), name, deliver);
    if (this.#happens("duplicate", "message doubled")) clock.in(this.delay(), `${name} again`, deliver);
  }

  /** A call that may be refused, or done (perhaps twice) without the caller hearing of it. `undefined`: nobody was there. */
  call<T>(name: string, body: () => T | undefined | Promise<T | undefined>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#happens("refused", "call refused")) return reject(new Refused("refused"));
      this.#lab.clock.in(this.delay(), name, () => {
        const unheard = this.#happens("refused", "answer lost");
        const settle = (result: T | undefined) => {
          if (result === undefined || unheard) reject(new Refused("no answer"));
          else resolve(result);
        };
        try {
          const result = body();
          if (result instanceof Promise) result.then(settle, reject);
          else settle(result);
        } catch (error) {
          reject(error instanceof Error ? error : new Refused(String(error)));
        }
      });
    });
  }
}
