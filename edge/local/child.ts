// A child process that is kept alive: started again with a growing pause when it ends by itself, and ended together
// with everything it started (it leads a process group of its own).
import type { ChildProcess } from "node:child_process";
import { signalGroup } from "./processes.ts";

export interface KeepAliveOptions {
  /** For messages: "The server", "The agent". */
  readonly name: string;
  /** Starts one process, as leader of a group of its own (`detached`). */
  readonly spawn: () => ChildProcess;
  /** Called after each start. */
  readonly started: (child: ChildProcess) => void;
  /** Called when it ended by itself. True: start it again. False: that was that. */
  readonly restart: (exit: string) => boolean;
  readonly say: (line: string) => void;
}

export interface KeptChild {
  /** Asks it to end, and kills what is left of its group after `graceMs`. Resolves when it is gone. */
  stop(graceMs: number): Promise<void>;
  /** Kills the whole group now. Synchronous, for the very end. */
  kill(): void;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
/** A process that lived this long was healthy: the next pause starts from the beginning. */
const HEALTHY_AFTER_MS = 3_000;

/**
 * Pause in ms before start number `failures + 1` in a row (`failures` counts from 1). The first follows at once: after
 * a crash the work in flight waits for it.
 */
export function restartPauseMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (failures - 2), LONGEST_PAUSE_MS);
}

/** Starts the process and keeps it. */
export function keepAlive(options: KeepAliveOptions): KeptChild {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let failures = 0;
  let gone: (() => void) | undefined;

  const start = () => {
    const current = options.spawn();
    const startedMs = performance.now();
    let ended = false;
    child = current;
    const onEnd = (exit: string) => {
      if (ended) return;
      ended = true;
      if (current.pid !== undefined) signalGroup(current.pid, "SIGKILL");
      child = undefined;
      gone?.();
      if (stopping || !options.restart(exit)) return;
      failures = performance.now() - startedMs > HEALTHY_AFTER_MS ? 1 : failures + 1;
      const pauseMs = restartPauseMs(failures);
      options.say(`${options.name} ${exit}. Starting it again${pauseMs > 0 ? ` in ${pauseMs} ms` : ""}.`);
      timer = setTimeout(start, pauseMs);
    };
    current.once("error", (error) => onEnd(`could not be started (${error.message})`));
    current.once("exit", (code, signal) => onEnd(signal ? `was ended by ${signal}` : `ended with code ${code}`));
    if (current.pid !== undefined) options.started(current);
  };
  start();

  return {
    async stop(graceMs) {
      stopping = true;
      clearTimeout(timer);
      if (!child || child.pid === undefined) return;
      const { pid } = child;
      await new Promise<void>((resolve) => {
        gone = resolve;
        signalGroup(pid, "SIGTERM");
        setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs).unref();
      });
    },
    kill() {
      stopping = true;
      clearTimeout(timer);
      if (child?.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    },
  };
}
