import * as z from "zod";
import type { Expansion } from "#schema/event.ts";
import type { ExpandContext } from "./define.ts";
import { duration, dynamic } from "./property.ts";

// What the loops that go on until a condition holds have in common.

export const checkFrequency = dynamic(
  z.strictObject({
    interval: dynamic(duration()).describe("Time between two turns").optional(),
    maxIterations: dynamic(z.int().min(1)).describe("Most turns").optional(),
    maxDuration: dynamic(duration()).describe("No turn begins later than this after the start").optional(),
  }),
);
type CheckFrequency = z.output<typeof checkFrequency>;

export type LoopDefaults = { interval: number; maxIterations?: number; maxDuration?: number };

/** Turns until the condition holds, with `defaults` for what `frequency` leaves out. */
export function loopUntil(
  ctx: ExpandContext,
  frequency: CheckFrequency | undefined,
  defaults: LoopDefaults,
  failOnMaxReached: boolean,
): Extract<Expansion, { kind: "loop-until" }> {
  const { interval, maxIterations, maxDuration } = { ...defaults, ...defined(frequency ?? {}) };
  return {
    kind: "loop-until",
    list: "tasks",
    intervalMs: interval,
    failOnMaxReached,
    ...(maxIterations === undefined ? {} : { maxIterations }),
    ...(maxDuration === undefined ? {} : { deadlineAt: ctx.now + maxDuration }),
  };
}

function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
