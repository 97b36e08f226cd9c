// Small things measured many times over, in this process.
import { median, spread } from "./stats.ts";

export interface MicroResult {
  readonly name: string;
  /** Microseconds, median of the batches. */
  readonly us: number;
  /** (max - min) / median over the batches. */
  readonly spread: number;
}

export const BATCHES = 7;
/** So long a body runs before it is measured: the compiler needs that many calls. */
const WARM_UP_MS = 100;

/** Microseconds for one call, for each batch. A batch lasts about 20 ms, so that the clock does not matter. */
export function batches(body: () => void): number[] {
  warmUp(body);
  const calls = callsIn(20, body);
  return Array.from({ length: BATCHES }, () => {
    const startMs = performance.now();
    for (let call = 0; call < calls; call++) body();
    return ((performance.now() - startMs) * 1_000) / calls;
  });
}

/** The figure of one subject from its batches. */
export function resultOf(name: string, us: readonly number[]): MicroResult {
  return { name, us: median(us), spread: spread(us) };
}

/** Calls that fit into about `ms`; warms the body up on the way. */
function callsIn(ms: number, body: () => void): number {
  for (let calls = 1; ; calls *= 2) {
    const startMs = performance.now();
    for (let call = 0; call < calls; call++) body();
    const tookMs = performance.now() - startMs;
    if (tookMs >= ms / 2) return Math.max(1, Math.round((calls * ms) / tookMs));
  }
}

function warmUp(body: () => void): void {
  const endMs = performance.now() + WARM_UP_MS;
  while (performance.now() < endMs) body();
}
