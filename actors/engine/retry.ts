import type { Retry } from "#schema/flow.ts";
import type { EpochMs } from "#schema/json.ts";
import { isTerminal } from "#schema/state.ts";
import { hasFlag } from "./flags.ts";
import type { Attempt, ExecutionState } from "./state.ts";

/** A number in [0, 1) that `seed` always gives (FNV-1a). */
function fraction(seed: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

function delayMs(retry: Retry, attempts: number, seed: string): number {
  switch (retry.type) {
    case "constant":
      return retry.intervalMs;
    case "exponential": {
      const delay = retry.intervalMs * Math.trunc(retry.delayFactor) * (attempts - 1);
      return Math.min(delay, retry.maxIntervalMs ?? Number.POSITIVE_INFINITY);
    }
    case "random": {
      const from = retry.minIntervalMs ?? 0;
      return from + fraction(`${seed}/${attempts}`) * ((retry.maxIntervalMs ?? from) - from);
    }
  }
}

/**
 * When the run is tried again after its last attempt, which failed at `now`; undefined when the policy has no try left.
 * `maxAttempts` counts the first attempt, `maxDurationMs` runs from its start. Random delays come from `seed`.
 */
export function nextRetryAt(
  retry: Retry | undefined,
  attempts: readonly Attempt[],
  now: EpochMs,
  seed: string,
): EpochMs | undefined {
  if (retry === undefined) return undefined;
  return nextAt(retry, { count: attempts.length, from: attempts[0]?.from ?? now }, now, seed);
}

/**
 * When a new execution replaces this one, whose task has failed; undefined when the policy has no execution left, `same` when the task
 * is tried again in this one. Executions of the chain are counted, the first included, and time runs from the first one's creation.
 */
export function nextExecutionAt(
  retry: Retry | undefined,
  state: ExecutionState,
  now: EpochMs,
  seed: string,
): EpochMs | undefined | "same" {
  if (retry?.behavior !== "CREATE_NEW_EXECUTION" || !hasFlag(state.facts, "newExecutionRetry")) return "same";
  // What runs after the end cannot replace what has ended.
  if (isTerminal(state.status)) return undefined;
  const from = state.facts?.originalCreatedAt ?? state.facts?.at ?? now;
  return nextAt(retry, { count: state.attempt, from }, now, seed);
}

function nextAt(
  retry: Retry,
  tries: { count: number; from: EpochMs },
  now: EpochMs,
  seed: string,
): EpochMs | undefined {
  if (retry.maxAttempts > 0 && tries.count >= retry.maxAttempts) return undefined;
  const at = Math.round(now + delayMs(retry, tries.count, seed));
  return retry.maxDurationMs !== undefined && at > tries.from + retry.maxDurationMs ? undefined : at;
}
