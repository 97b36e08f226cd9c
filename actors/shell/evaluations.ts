import type { EvalContext, ExprProblem, LookupAnswer, Outcome } from "#expr/index.ts";
import type { Json } from "#schema/json.ts";
import { type Asking, FIRST_RETRY_MS, MAX_LOOKUP_ROUNDS, MAX_RETRY_MS } from "./asking.ts";
import type { Live } from "./live.ts";
import { contextOf, type Dialect, type Subject } from "./perform.ts";
import type { Host } from "./world.ts";

export type Rendering = (context: EvalContext) => Outcome<Json>;
/** `problem`: where in the expression it is, of those that are in one. */
export type Evaluation = { ok: true; value: Json } | { ok: false; message: string; problem?: ExprProblem };

type Parts = {
  host: Host;
  dialect: Dialect;
  asking: Asking;
  /** Lets the execution go on after an answer. */
  turn: (live: Live) => void;
};

/** Renders expressions outside of any task. */
export class Evaluations {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Renders with the answers that are there. */
  now<T>(live: Live, rendering: (context: EvalContext) => Outcome<T>): Outcome<T> {
    return rendering(contextOf(this.#parts.dialect, subjectOf(this.#parts.host, live, ""), undefined));
  }

  /** As `evaluate`; one at a time for each key. Asked for while one is under way, it is done once more: things have changed. */
  later(live: Live, key: string, rendering: Rendering, hear: (said: Evaluation) => void): void {
    const again = `again:${key}`;
    if (live.underway.has(key)) return void live.noted.add(again);
    live.underway.add(key);
    const once = (retryMs: number): void => {
      this.evaluate(live, undefined, rendering).then(
        (said) => {
          live.underway.delete(key);
          hear(said);
          if (live.noted.delete(again)) this.later(live, key, rendering, hear);
          this.#parts.turn(live);
        },
        () => this.#parts.host.later(retryMs, () => once(Math.min(2 * retryMs, MAX_RETRY_MS))),
      );
    };
    once(FIRST_RETRY_MS);
  }

  /** Renders outside of any task, fetching what the expression needs. */
  async evaluate(live: Live, runIndex: number | undefined, rendering: Rendering): Promise<Evaluation> {
    const answers = new Map<string, LookupAnswer>();
    const run = runIndex === undefined ? undefined : live.state.runs.get(runIndex);
    for (let round = 0; round < MAX_LOOKUP_ROUNDS; ) {
      const outcome = rendering(
        contextOf(this.#parts.dialect, { ...subjectOf(this.#parts.host, live, ""), lookups: answers }, run),
      );
      if (outcome.ok === true) return { ok: true, value: live.masker.maskDeep(outcome.value) };
      if (outcome.ok === false) {
        const message = live.masker.mask(outcome.problem.message);
        return { ok: false, message, problem: { ...outcome.problem, message } };
      }
      await this.#parts.asking.fetch(live, outcome.lookups, answers);
      if (outcome.lookups.some(({ kind }) => kind !== "stored")) round++;
    }
    return { ok: false, message: `The expression asks for more after ${MAX_LOOKUP_ROUNDS} answers.` };
  }
}

/** What an effect, or nobody for the empty text, renders with: the answers that were fetched for it among others. */
export function subjectOf(host: Host, live: Live, effectId: string): Subject {
  const { flow, plan } = live.program;
  const lookups = live.lookups.get(effectId) ?? new Map();
  return {
    flow,
    plan,
    state: live.state,
    now: host.now(),
    random: () => host.random(),
    lookups,
    masker: live.masker,
  };
}
