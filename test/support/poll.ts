import { setTimeout as sleep } from "node:timers/promises";

export interface PollOptions {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** What is waited for, as the message of the timeout says it. */
  readonly what: string;
}

/** Thrown by a probe that knows that waiting is in vain: it ends the poll at once. */
export class Hopeless extends Error {}

/**
 * Asks until the answer is not undefined. For black boxes only: where an event can be awaited, await it. A probe that
 * throws counts as no answer; its last message is in the error when time is up.
 */
export async function poll<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  { timeoutMs = 15_000, everyMs = 20, what }: PollOptions,
): Promise<T> {
  const endMs = performance.now() + timeoutMs;
  let last = "";
  do {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error instanceof Error ? `: ${error.message}` : `: ${String(error)}`;
    }
    await sleep(everyMs);
  } while (performance.now() < endMs);
  throw new Error(`Waited ${timeoutMs} ms in vain for ${what}${last}`);
}
