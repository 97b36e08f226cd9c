import * as z from "zod";
import type { PropertyPath } from "#schema/conform.ts";
import { formatDuration } from "#schema/duration.ts";
import type { Retry } from "#schema/flow.ts";
import { RetrySource } from "#schema/flow-source.ts";
import type { Json } from "#schema/json.ts";
import type { Reporter } from "./reporter.ts";

/** What is left of the retry policies once they are typed: all fields of the three kinds. */
const Typed = z.object({
  type: z.enum(["constant", "exponential", "random"]),
  interval: z.number().optional(),
  minInterval: z.number().optional(),
  maxInterval: z.number().optional(),
  delayFactor: z.number().optional(),
  maxAttempts: z.int().optional(),
  maxAttempt: z.int().optional(),
  maxDuration: z.number().optional(),
  warningOnRetry: z.boolean().optional(),
  behavior: z.enum(["RETRY_FAILED_TASK", "CREATE_NEW_EXECUTION"]).optional(),
});
type Typed = z.infer<typeof Typed>;

/** The policy at `path`; undefined when there is none, or it is wrong and that is reported. */
export function parseRetry(value: Json | undefined, path: PropertyPath, reporter: Reporter): Retry | undefined {
  if (value === undefined || value === null) return undefined;
  const parsed = Typed.safeParse(reporter.conform(RetrySource, value, path));
  if (!parsed.success) return undefined;
  checkOrder(parsed.data, path, reporter);
  const { type, interval = 0, minInterval, maxInterval, maxDuration, delayFactor = 2 } = parsed.data;
  return {
    type,
    intervalMs: interval,
    maxIntervalMs: maxInterval,
    minIntervalMs: minInterval,
    delayFactor,
    maxAttempts: parsed.data.maxAttempts ?? parsed.data.maxAttempt ?? 0,
    maxDurationMs: maxDuration,
    warningOnRetry: parsed.data.warningOnRetry ?? false,
    behavior: parsed.data.behavior ?? "RETRY_FAILED_TASK",
  };
}

const LESS_THAN = [
  ["interval", "maxDuration"],
  ["interval", "maxInterval"],
  ["minInterval", "maxDuration"],
  ["maxInterval", "maxDuration"],
  ["minInterval", "maxInterval"],
] as const;

function checkOrder(retry: Typed, path: PropertyPath, reporter: Reporter): void {
  for (const [small, large] of LESS_THAN) {
    const smallMs = retry[small];
    const largeMs = retry[large];
    if (smallMs === undefined || largeMs === undefined || smallMs < largeMs) continue;
    const message = `'${small}' must be less than '${large}' but is ${formatDuration(smallMs)}`;
    reporter.error("INVALID_VALUE", [...path, small], message);
  }
}
