import { type Lookup, type LookupAnswer, lookupKey } from "#expr/index.ts";
import type { ExecutionEvent } from "#schema/event.ts";
import { askerOf } from "./asker.ts";
import { refusedByMemory } from "./kept.ts";
import type { Live, PerformedEffect } from "./live.ts";
import type { Host, World } from "./world.ts";

export const FIRST_RETRY_MS = 200;
export const MAX_RETRY_MS = 30_000;
/** How often one effect may ask the world again because an answer made it ask for more. */
export const MAX_LOOKUP_ROUNDS = 20;

type WorldAnswer = Awaited<ReturnType<World["lookup"]>>;

type Parts = {
  world: World;
  host: Host;
  /** Lets the execution go on after an answer. */
  turn: (live: Live) => void;
  /** True for the execution as it is in memory, and for what a deleted one has still to tell. */
  speaksFor: (live: Live, effect: PerformedEffect) => boolean;
};

/** Asks the world on behalf of effects, until it answers. */
export class Asking {
  readonly #parts: Parts;
  readonly #rounds = new WeakMap<PerformedEffect, number>();
  /** Those that have a turn coming. */
  readonly #soon = new Set<Live>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Calls the world and applies its answer; a rejected call is repeated later, for ever. */
  ask(
    live: Live,
    effect: PerformedEffect,
    call: () => Promise<ExecutionEvent | undefined>,
    retryMs = FIRST_RETRY_MS,
  ): void {
    live.underway.add(effect.id);
    call().then(
      (event) => {
        live.underway.delete(effect.id);
        if (event !== undefined) live.apply(event);
        if (effect.kind === "start-item") this.#turnSoon(live);
        else this.#parts.turn(live);
      },
      () => {
        const next = Math.min(2 * retryMs, MAX_RETRY_MS);
        this.#parts.host.later(retryMs, () => {
          // [S5] One that was read again asks by itself; this one no longer knows what is waited for.
          if (this.#parts.speaksFor(live, effect)) this.ask(live, effect, call, next);
        });
      },
    );
  }

  /** Fetches what an expression needs, then performs the effect again. */
  lookUp(live: Live, effect: PerformedEffect, lookups: readonly Lookup[], leaving: (() => void)[]): void {
    // Stored outputs are as many as there are, so asking for them comes to an end by itself.
    const asked = lookups.some(({ kind }) => kind !== "stored") ? 1 : 0;
    const rounds = (this.#rounds.get(effect) ?? 0) + asked;
    this.#rounds.set(effect, rounds);
    const answers = live.lookups.get(effect.id) ?? new Map<string, LookupAnswer>();
    live.lookups.set(effect.id, answers);
    if (rounds > MAX_LOOKUP_ROUNDS) {
      const message = `The expression asks for more after ${MAX_LOOKUP_ROUNDS} answers; fetch the values in tasks of their own.`;
      for (const lookup of lookups) answers.set(lookupKey(lookup), { ok: false, message });
      live.asked.push(effect);
      return;
    }
    leaving.push(() =>
      this.ask(live, effect, async () => {
        await this.fetch(live, lookups, answers);
        live.asked.push(effect);
        return undefined;
      }),
    );
  }

  /** Puts the answers, which may be refusals, into `answers`; what a secret is, the masker learns. */
  async fetch(live: Live, lookups: readonly Lookup[], answers: Map<string, LookupAnswer>): Promise<void> {
    const refused = refusedByMemory(lookups, answers);
    const found = lookups.map(
      async (lookup): Promise<[Lookup, WorldAnswer]> => [
        lookup,
        refused.get(lookup) ?? (await this.#parts.world.lookup(askerOf(live), lookup)),
      ],
    );
    for (const [lookup, answer] of await Promise.all(found)) {
      const isSecret = lookup.kind === "secret" || ("secret" in answer && answer.secret === true);
      if (isSecret && answer.ok && typeof answer.value === "string") live.learn(answer.value);
      if (lookup.kind === "seal") live.learn(String(lookup.args.text));
      answers.set(lookupKey(lookup), answer);
    }
  }

  /** One turn, and one commit, for all answers that are there by then. */
  #turnSoon(live: Live): void {
    if (this.#soon.has(live)) return;
    this.#soon.add(live);
    this.#parts.host.soon(() => {
      this.#soon.delete(live);
      this.#parts.turn(live);
    });
  }
}
