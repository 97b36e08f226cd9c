import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

// Processes as Linux shows them under /proc. Elsewhere every question is answered with "unknown".

/** A text that no later process with this id has; undefined when there is no such process. */
export function processIdentity(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold anything; the 22nd is the start time.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** Processes whose environment at their start held `entry` (`NAME=value`). */
export async function processesWith(entry: string): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await environmentHolds(pid, entry)) ? [pid] : [])));
  return found.flat();
}

async function environmentHolds(pid: number, entry: string): Promise<boolean> {
  try {
    return (await readFile(`/proc/${pid}/environ`, "utf8")).split("\0").includes(entry);
  } catch {
    return false;
  }
}

/** Sends a signal; nothing happens when there is nobody. A negative `pid` is a group. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
