import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, vi } from "vitest";
import type { ExecutionJson } from "#schema/execution.ts";
import { cellOf, execution } from "./client.ts";

// The clock that the Worker and its actors read is the tests' own; the platform's alarms keep the real one.

/** For each test of the file: `Date` stands still until `pass`, everything else goes on. */
export function useClock(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

export function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** Lets `ms` pass and then the alarm of the execution's cell fire, which must have been set. */
export async function wakeAfter(ms: number, id: string): Promise<ExecutionJson> {
  await wakeWithoutAsking(ms, id);
  return execution(id);
}

export async function wakeWithoutAsking(ms: number, id: string): Promise<void> {
  pass(ms);
  if (!(await runDurableObjectAlarm(cellOf(id)))) throw new Error(`No alarm was set for ${id}`);
}
