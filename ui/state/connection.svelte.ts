/** Whether the server answers. While it does not, asks again with growing pauses and tells who waits. */
class Connection {
  away = $state(false);
  /** Grows each time the server came back: what failed meanwhile may be asked again. */
  returns = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delayMs = 1000;

  lost(): void {
    if (this.away) return;
    this.away = true;
    this.#delayMs = 1000;
    this.#schedule();
  }

  reached(): void {
    if (!this.away) return;
    clearTimeout(this.#timer);
    this.away = false;
    this.returns += 1;
  }

  /** Looks whether the server answers, after something else gave cause for doubt. */
  async check(): Promise<void> {
    if (!(await answers())) this.lost();
  }

  /** Asks at once. */
  async retry(): Promise<void> {
    clearTimeout(this.#timer);
    if (await answers()) {
      this.reached();
      return;
    }
    this.#delayMs = Math.min(this.#delayMs * 1.6, 15_000);
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.retry(), this.#delayMs);
  }
}

/** Any answer will do, even a refusal: somebody is there. */
async function answers(): Promise<boolean> {
  try {
    const { status } = await fetch("/ping", { cache: "no-store" });
    return status < 502 || status > 504;
  } catch {
    return false;
  }
}

export const connection = new Connection();
