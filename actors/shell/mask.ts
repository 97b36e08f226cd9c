import { MASK } from "#schema/sealed.ts";

export { MASK };

/** Shortest secret that is masked, in UTF-16 units: shorter ones would blank out ordinary text. */
const SHORTEST = 3;

/** The secrets an execution has been given; what it says is stored without them. */
export class Masker {
  readonly #secrets = new Set<string>();
  #longestFirst: readonly string[] = [];

  add(secret: string): void {
    for (const text of [secret, ...secret.split("\n")]) {
      const trimmed = text.trim();
      if (trimmed.length >= SHORTEST) this.#secrets.add(trimmed);
    }
    this.#longestFirst = [...this.#secrets].sort((a, b) => b.length - a.length);
  }

  /** True while there is nothing to hide. */
  get isEmpty(): boolean {
    return this.#longestFirst.length === 0;
  }

  mask(text: string): string {
    let masked = text;
    for (const secret of this.#longestFirst) if (masked.includes(secret)) masked = masked.replaceAll(secret, MASK);
    return masked;
  }
}
