import type { Limits } from "./contract.ts";

const MIB = 1_048_576;

/** For one script that shares a thread with others: a quarter of a second to a second of CPU, by what it does. */
export const DEFAULT_LIMITS: Limits = {
  interrupts: 5_000,
  memoryBytes: 32 * MIB,
  stackBytes: 256 * 1024,
  outputBytes: 1 * MIB,
  fileBytes: 8 * MIB,
  pendingJobs: 100_000,
  wallMs: 60_000,
  fetches: 50,
};

/** Above 256 KiB deep recursion ends the machine instead of the script (measured: 512 KiB does). */
const MAX_STACK_BYTES = 256 * 1024;
/** One isolate has 128 MB for everything. */
const MAX_MEMORY_BYTES = 96 * MIB;

/** Fixed limits of what the machine and the host exchange. */
export const FIXED = {
  sourceChars: 2 * MIB,
  /** One call from guest to host, in UTF-16 units. */
  messageChars: 16 * MIB,
  /** Objects and lists within each other in JSON that enters the machine; it ends at about 8,000. */
  jsonDepth: 1_000,
  timers: 10_000,
  pendingCalls: 1_000,
  /** Loop iterations of the machine that count as one interrupt. */
  fuelPerInterrupt: 20_000,
} as const;

export function withDefaults(limits: Partial<Limits> = {}): Limits {
  const merged = { ...DEFAULT_LIMITS, ...limits };
  return {
    ...merged,
    stackBytes: Math.min(merged.stackBytes, MAX_STACK_BYTES),
    memoryBytes: Math.min(merged.memoryBytes, MAX_MEMORY_BYTES),
  };
}
