import type { Effect } from "#schema/effect.ts";
import type { JsonObject } from "#schema/json.ts";
import type { Masker } from "#schema/mask.ts";
import { askerOf } from "./asker.ts";
import type { Live } from "./live.ts";
import { retryOf } from "./start-events.ts";
import type { CellStore } from "./store.ts";
import type { Asker, Host, World } from "./world.ts";

// What an execution tells others, who would wait for ever if they never heard. It outlives the execution: who deletes it leaves these.
//
// D1. An errand is stored with the delete, and its row stays until whoever is to hear has heard.
// D2. Until then it is run again: after a failure here, after a crash by whoever opens the cell. Heard twice it has one effect.

const ERRANDS = [
  "notify-parent",
  "notify-trigger",
  "release-slot",
  "kill-execution",
  "kill-executions",
  "start-retry",
] as const;
type ErrandEffect = Extract<Effect, { kind: (typeof ERRANDS)[number] }>;

/** All that is needed to do it without the execution. */
export type Errand = { effect: ErrandEffect; asker: Asker; retry?: ReturnType<typeof retryOf> };

const KILLS_AT_A_TIME = 20;
/** Executions named in one row; their ids take about 250 KB. */
const KILLS_IN_A_ROW = 10_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export function isErrand(effect: { kind: Effect["kind"] }): effect is ErrandEffect {
  return (ERRANDS as readonly string[]).includes(effect.kind);
}

export function errandOf(live: Live, effect: ErrandEffect): Errand {
  const common = { effect, asker: askerOf(live) };
  return effect.kind === "start-retry" ? { ...common, retry: retryOf(live) } : common;
}

/** Those that nobody has answered yet, each small enough for a row. */
export function errandsOf(live: Live): Errand[] {
  return live.state.pending.filter(isErrand).flatMap((effect) => {
    if (effect.kind !== "kill-executions") return [errandOf(live, effect)];
    const parts: Errand[] = [];
    for (let from = 0; from < effect.executionIds.length; from += KILLS_IN_A_ROW) {
      const executionIds = effect.executionIds.slice(from, from + KILLS_IN_A_ROW);
      parts.push(errandOf(live, { ...effect, executionIds }));
    }
    return parts;
  });
}

/**
 * Does it; called again after a rejection it leaves out what was done. Answers the execution that a retry started. `masker`: knows the
 * secrets of the execution, and tells them to whoever is given some of its values; undefined once the execution is gone.
 */
export function errandRunner(world: World, errand: Errand, masker?: Masker): () => Promise<string | undefined> {
  const { effect, asker } = errand;
  const { executionId } = asker;
  // Named, so that one that comes late does not kill what was restarted since.
  const commandId = `${executionId}/${effect.id}`;
  switch (effect.kind) {
    case "notify-parent": {
      const { parent, state, outputs } = effect;
      const told = { executionId, child: asker, parent, state, outputs, ...secretsIn(outputs, masker) };
      return () => world.tellParent(told).then(nothing);
    }
    case "notify-trigger": {
      const known = { ...asker, executionId: effect.executionId ?? executionId };
      return () => world.tellTrigger(known, effect.triggerId, effect.state).then(nothing);
    }
    case "release-slot":
      return () => world.releaseSlot(asker, effect.acquired ?? effect.id).then(nothing);
    case "kill-execution":
      return () => world.command(effect.executionId, { kind: "kill", cascade: true, commandId }).then(nothing);
    case "kill-executions": {
      const left = new Set(effect.executionIds);
      return () => killAll(world, left, commandId).then(nothing);
    }
    case "start-retry": {
      const { retry } = errand;
      const request = retry && { ...retry, ...secretsIn(retry.inputs, masker) };
      return async () => (request === undefined ? undefined : world.startRetry(executionId, effect.id, request));
    }
  }
}

function nothing(): undefined {}

function secretsIn(value: JsonObject | undefined, masker: Masker | undefined): { secrets?: readonly string[] } {
  if (value === undefined || masker === undefined || masker.secrets.length === 0) return {};
  const secrets = masker.within(JSON.stringify(value));
  return secrets.length === 0 ? {} : { secrets };
}

/** Kills what is `left`, and takes out what has heard. Rejects when one could not be reached. */
async function killAll(world: World, left: Set<string>, commandId: string): Promise<void> {
  const next = left.values();
  const worker = async () => {
    for (const executionId of next) {
      await world.command(executionId, { kind: "kill", cascade: true, commandId });
      left.delete(executionId);
    }
  };
  await Promise.all(Array.from({ length: KILLS_AT_A_TIME }, worker));
}

function bodyOf(errand: Errand): string {
  return JSON.stringify(errand);
}

/** The errands of executions that are gone. */
export class Errands {
  readonly #world: World;
  readonly #host: Host;
  readonly #store: CellStore;
  /** How many are left, of each execution. */
  readonly #left = new Map<string, number>();
  /** Deleted in this life of the cell; what they ask for is still under way in memory. */
  readonly #removed = new WeakSet<Live>();

  constructor(world: World, host: Host, store: CellStore) {
    this.#world = world;
    this.#host = host;
    this.#store = store;
  }

  /** Goes on with those that an earlier life of the cell has left. */
  recall(): void {
    for (const { id, number, body } of this.#store.errands()) {
      this.#left.set(id, (this.#left.get(id) ?? 0) + 1);
      // Written by `bodyOf`, and read by nobody else.
      const errand = JSON.parse(body) as Errand;
      this.#host.soon(() => this.#run(id, number, errand));
    }
  }

  /** [D1] Deletes the execution, and writes down what it has still to tell. */
  remove(live: Live, summary: string): void {
    const errands = errandsOf(live);
    this.#store.remove(live.id, this.#host.now(), summary, errands.map(bodyOf));
    this.#removed.add(live);
    this.#count(live.id, errands.length);
  }

  /** True for an execution that was deleted since the cell was opened. */
  isRemoved(live: Live): boolean {
    return this.#removed.has(live);
  }

  /** What a deleted execution has told since is crossed out; false for one that was not deleted. */
  crossOut(live: Live): boolean {
    if (!this.#removed.has(live)) return false;
    if (!this.#left.has(live.id)) return true;
    const errands = errandsOf(live);
    this.#store.keepErrands(live.id, errands.map(bodyOf));
    this.#count(live.id, errands.length);
    return true;
  }

  #count(id: string, left: number): void {
    if (left > 0) this.#left.set(id, left);
    else this.#left.delete(id);
  }

  get isOpen(): boolean {
    return this.#left.size > 0;
  }

  #run(id: string, number: number, errand: Errand): void {
    const run = errandRunner(this.#world, errand);
    const attempt = (retryMs: number): void => {
      run()
        .then(async (started) => {
          const { effect } = errand;
          if (started !== undefined && effect.kind === "start-retry" && effect.killed)
            await this.#world.command(started, { kind: "kill", cascade: true, commandId: `${id}/${effect.id}` });
          this.#store.errandDone(id, number);
          this.#count(id, (this.#left.get(id) ?? 1) - 1);
        })
        .catch(() => this.#host.later(retryMs, () => attempt(Math.min(2 * retryMs, MAX_RETRY_MS))));
    };
    attempt(FIRST_RETRY_MS);
  }
}
