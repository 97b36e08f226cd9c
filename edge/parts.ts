import type { RandomBytes } from "#schema/ids.ts";
import type { EpochMs } from "#schema/json.ts";
import { registry } from "#tasks/registry.ts";
import { FlowCache } from "./flow-cache.ts";
import { FlowLanguage } from "./language.ts";

/** What the routes are made of, beside the environment of each request. */
export type AppParts = {
  language: FlowLanguage;
  cache: FlowCache;
  now(): EpochMs;
  random: RandomBytes;
  /** Version of the product, for clients that ask. */
  version: string;
};

export const VERSION = "0.1.0";

/** The parts as they are in production, but for the clock and the randomness. */
export function createParts(now: () => EpochMs, random: RandomBytes): AppParts {
  const language = new FlowLanguage(registry, now);
  return { language, cache: new FlowCache(language), now, random, version: VERSION };
}
