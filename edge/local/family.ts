// The launcher's children together, so that all of them end whatever ends the launcher.
import type { KeptChild } from "./child.ts";

export interface Family {
  /** From now on `child` ends with the others. `graceMs`: how long it may take to end by itself. */
  add(child: KeptChild, graceMs: number): void;
  /** Asks them to end, the youngest first (the agent before its server). Resolves when all are gone. */
  stop(): Promise<void>;
  /** Kills all groups now. Synchronous. */
  kill(): void;
}

export function createFamily(): Family {
  const members: { readonly child: KeptChild; readonly graceMs: number }[] = [];
  return {
    add(child, graceMs) {
      members.push({ child, graceMs });
    },
    async stop() {
      for (const { child, graceMs } of members.toReversed()) await child.stop(graceMs);
    },
    kill() {
      for (const { child } of members) child.kill();
    },
  };
}

/** One Ctrl-C may arrive twice: from the terminal, and handed on by the npm or Node that started us. */
const SAME_REQUEST_MS = 500;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ends the family and then this process: in order on the first Ctrl-C (or SIGTERM, SIGHUP), at once on the second, and
 * when the process ends for any other reason. `ended` runs after an orderly end.
 */
export function endFamilyOnSignals(family: Family, say: (line: string) => void, ended: () => void): void {
  let askedAtMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (askedAtMs !== undefined) {
      if (nowMs - askedAtMs > SAME_REQUEST_MS) process.exit(1);
      return;
    }
    askedAtMs = nowMs;
    if (signal === "SIGINT") say("\nStopping. Press Ctrl-C again to stop at once.");
    family.stop().then(
      () => {
        ended();
        process.exit(0);
      },
      () => process.exit(1),
    );
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on("exit", () => family.kill());
}
