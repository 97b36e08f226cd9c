// W7: forced writes (fsync and fdatasync) of the runtime, counted with strace from outside.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { poll } from "../support/poll.ts";
import { startSink } from "../support/sink.ts";
import { FAN, type Kind, ONE, SEQUENCE, type Subject } from "./subject.ts";

/** Work that follows an answer (the list's row, for one) is counted too: it is waited for this long. */
const AFTERWARDS_MS = 700;

export interface Writes {
  /** Calls of fsync and fdatasync. */
  readonly total: number;
  /** The same by the folder or file family they went to. */
  readonly byPlace: Readonly<Record<string, number>>;
}

/** Figures of W7 and a text for each work that says where its writes went. */
export async function measureWrites(
  subject: Subject,
): Promise<{ readonly figures: Readonly<Record<string, number>>; readonly notes: readonly string[] }> {
  const sink = await startSink();
  const effects = (steps: number): Kind => ({ work: "effects", steps, sink });
  // Steps without an outside effect: the floor may share their commit too.
  const plain: Kind = { work: "coalesced", steps: SEQUENCE.steps };
  try {
    // Long-lived actors have been touched before: creating their files is not part of a run.
    for (let run = 0; run < 200; run++) await subject.run(ONE);
    for (const kind of [plain, FAN, effects(10), effects(30)]) await subject.run(kind);
    await sleep(AFTERWARDS_MS);
    const one = await countWrites(subject, ONE, 40);
    const sequence = await countWrites(subject, plain, 10);
    const few = await countWrites(subject, effects(10), 10);
    const many = await countWrites(subject, effects(30), 10);
    const fan = await countWrites(subject, FAN, 10);
    const note = (name: string, { byPlace }: Writes) =>
      `${subject.name} ${name}: ${Object.entries(byPlace)
        .map(([place, count]) => `${place} ${count.toFixed(2)}`)
        .join(", ")}`;
    return {
      figures: {
        one: one.total,
        plainStep: (sequence.total - one.total) / (plain.steps - 1),
        effectStep: (many.total - few.total) / 20,
        fan: fan.total,
      },
      notes: [
        note("one step", one),
        note(`${plain.steps} steps`, sequence),
        note("30 steps with an outside effect", many),
        note("fan-out of 100", fan),
      ],
    };
  } finally {
    await sink.close();
  }
}

/** Forced writes for one run of `kind`, over `runs` of them one after the other. */
async function countWrites(subject: Subject, kind: Kind, runs: number): Promise<Writes> {
  const pid = subject.pids().workerd;
  if (pid === undefined) throw new Error("The runtime is not up");
  const folder = mkdtempSync(join(tmpdir(), "windhover-strace-"));
  const file = join(folder, "calls");
  const args = ["-f", "-qq", "-y", "-e", "trace=fsync,fdatasync", "-o", file, "-p", String(pid)];
  const tracer = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  tracer.stderr.on("data", (chunk) => {
    complaint += chunk;
  });
  const ended = new Promise<void>((resolve) => tracer.once("exit", () => resolve()));
  try {
    await poll(() => (isTraced(pid) ? true : undefined), { timeoutMs: 5_000, everyMs: 5, what: "strace to attach" });
    for (let run = 0; run < runs; run++) await subject.run(kind);
    await sleep(AFTERWARDS_MS);
  } catch (error) {
    throw complaint === "" ? error : new Error(`strace: ${complaint}`);
  } finally {
    tracer.kill("SIGINT");
    await ended;
  }
  const text = readFileSync(file, "utf8");
  rmSync(folder, { recursive: true, force: true });
  return readTrace(text, runs);
}

/** True when every thread of the process is traced. */
function isTraced(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    return !/^TracerPid:\s+0$/m.test(status);
  });
}

/** Counts calls in strace's text, for one of `runs`; a call shown in two halves counts once. */
export function readTrace(text: string, runs: number): Writes {
  const counts = new Map<string, number>();
  for (const line of text.split("\n")) {
    const path = /\b(?:fsync|fdatasync)\(\d+<([^>]*)>/.exec(line)?.[1];
    if (path !== undefined) counts.set(placeOf(path), (counts.get(placeOf(path)) ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return {
    total: total / runs,
    byPlace: Object.fromEntries([...counts].map(([place, count]) => [place, count / runs])),
  };
}

/** "cell log", "index file": the actor's class is the folder, the rest is the kind of file. */
function placeOf(path: string): string {
  const parts = path.split("/");
  const file = parts.at(-1) ?? "";
  const kind = file.endsWith("-wal") ? "log" : file.endsWith(".sqlite") ? "file" : "folder";
  return kind === "folder" ? `${file} folder` : `${parts.at(-2)} ${kind}`;
}
