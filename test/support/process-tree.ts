// What /proc tells about a process and everything below it. Linux only: elsewhere a tree is its root alone, and figures
// are undefined.
import { readdirSync, readFileSync } from "node:fs";

/** Ticks a second in /proc/<pid>/stat. A constant of the kernel's interface on all its common platforms. */
const TICKS_PER_SECOND = 100;
const KIB_PER_MIB = 1024;

/** The process and all its descendants, parents before children. Empty when it is gone. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const [pid, parent] of allParents()) {
    const list = children.get(parent);
    if (list) list.push(pid);
    else children.set(parent, [pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found.filter(isAlive);
}

function allParents(): [pid: number, parent: number][] {
  const found: [number, number][] = [];
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return found;
  }
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statFields(Number(name));
    if (fields) found.push([Number(name), Number(fields[1])]);
  }
  return found;
}

/** Fields of /proc/<pid>/stat from the state (the third) on; the second may hold spaces. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** True while the process runs; a zombie does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const state = statFields(pid)?.[0];
  return state !== "Z" && state !== "X";
}

/** Ends all of them with -9, in order. Those that are gone are left alone. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone already: that is what we wanted.
    }
  }
}

export interface MemoryUse {
  /** Resident set: counts pages shared with other processes once for each of them. */
  readonly rssMiB: number;
  /** Proportional set: shares them out. */
  readonly pssMiB: number;
}

/** Memory of these processes, without what runs below them. */
export function memoryOf(pids: readonly number[]): MemoryUse {
  let rss = 0;
  let pss = 0;
  for (const pid of pids) {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      rss += Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
      pss += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    } catch {
      // Gone, or not Linux.
    }
  }
  return { rssMiB: rss / KIB_PER_MIB, pssMiB: pss / KIB_PER_MIB };
}

/** Seconds of user and system time these processes have used so far, in steps of 10 ms. */
export function cpuSecondsOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFields(pid);
    if (fields) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS_PER_SECOND;
}

/** The program's name as the kernel knows it (at most 15 characters). */
export function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}
