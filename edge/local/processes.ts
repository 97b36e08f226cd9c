// Processes by id, safely: an id alone may have been given to somebody else since it was written down, so each is
// kept with its identity (when it started), and only a process that still has it is touched.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProcessRecord {
  readonly pid: number;
  /** What `processIdentity` said when the process was started. */
  readonly identity: string;
}

/** A text that no later process with this id has; undefined when the process is gone (or only waits to be reaped). */
export function processIdentity(pid: number): string | undefined {
  if (process.platform === "linux") return linuxIdentity(pid);
  if (process.platform === "win32") return isAlive(pid) ? "alive" : undefined;
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const started = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout?.trim();
  return started || undefined;
}

function linuxIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold spaces; the third is the state, the 22nd the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

export function recordProcess(pid: number): ProcessRecord {
  return { pid, identity: processIdentity(pid) ?? "" };
}

/** True while the very process that was recorded runs. */
export function isRunning({ pid, identity }: ProcessRecord): boolean {
  return identity !== "" && processIdentity(pid) === identity;
}

/** Sends a signal to the group that `pid` leads; nothing happens when it is gone. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // Gone already: that is what we wanted.
  }
}

/** Kills the group of a recorded process, if it is still that process, and waits until it is gone (at most 5 s). */
export async function killRecorded(record: ProcessRecord): Promise<boolean> {
  if (!isRunning(record)) return false;
  signalGroup(record.pid, "SIGKILL");
  for (let waitedMs = 0; waitedMs < 5_000 && isRunning(record); waitedMs += 10) await sleep(10);
  return true;
}
