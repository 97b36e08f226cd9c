import type { Retry } from "#schema/flow.ts";
import type { EpochMs } from "#schema/json.ts";
import type { Attempt } from "./state.ts";

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
  if (retry.maxAttempts > 0 && attempts.length >= retry.maxAttempts) return undefined;
  const at = Math.round(now + delayMs(retry, attempts.length, seed));
  const start = attempts[0]?.from ?? now;
  return retry.maxDurationMs !== undefined && at > start + retry.maxDurationMs ? undefined : at;
}
