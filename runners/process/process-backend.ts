import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attempt, Backend, Exit, Step, Workspace } from "#runners/agent/backend.ts";
import { graceMs } from "#runners/agent/backend.ts";
import { baseEnvironment } from "./environment.ts";
import { Journal } from "./journal.ts";
import { processesWith, processIdentity, sendSignal } from "./proc.ts";

// Runs a step as a process of this machine, in a process group of its own and a directory of its own.
//
// P1. A task's environment holds what environment.ts lets through and what the flow says; nothing else of the agent's.
// P2. A task ends with its whole group. What left the group is found by the label in its environment (Linux).
// P3. What a task leaves running in its group when its own process ends may finish its output for LEFTOVER_MS, then it is killed.
// It is for code that is trusted with the agent's own user: that is what a process can read.

const LEFTOVER_MS = 2_000;
/** With 10 ms between them. A process that is stuck in the kernel is left to it. */
const KILL_ROUNDS = 200;
const LABEL = "WINDHOVER_ATTEMPT";

type Live = { root: string; dir: string; child?: ChildProcess };

export class ProcessBackend implements Backend {
  readonly name = "process";
  readonly #workDir: string;
  readonly #journal: Journal;
  readonly #live = new Map<string, Live>();

  /** `dataDir` holds the working directories and the journal. */
  constructor(dataDir: string) {
    this.#workDir = resolve(dataDir, "work");
    mkdirSync(this.#workDir, { recursive: true, mode: 0o700 });
    this.#journal = new Journal(join(dataDir, "journal"));
  }

  async prepare({ label }: Attempt, sharedDir?: string): Promise<Workspace> {
    const root = join(this.#workDir, randomUUID());
    const of = (name: string) => join(root, name);
    const dir = sharedDir ?? of("work");
    this.#live.set(label, { root, dir });
    this.#journal.write({ label, dir: root });
    for (const path of [dir, of("output"), of("bin"), of("tmp")]) await mkdir(path, { recursive: true, mode: 0o700 });
    const seen = { dir, outputDir: of("output") };
    return { dir, outputDir: of("output"), binDir: of("bin"), tempDir: of("tmp"), seen };
  }

  async run({ label }: Attempt, step: Step, signal: AbortSignal): Promise<Exit> {
    const live = this.#live.get(label);
    if (!live) throw new Error(`attempt ${label} was not prepared`);
    if (signal.aborted) return { killedBy: "SIGTERM" };
    const [program, ...args] = step.argv;
    const base = baseEnvironment(process.env);
    const path = [join(live.root, "bin"), step.env.PATH ?? base.PATH].join(delimiter);
    const env = { ...base, TMPDIR: join(live.root, "tmp"), ...step.env, PATH: path, [LABEL]: label };
    const cwd = live.dir;
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    live.child = child;
    if (child.pid !== undefined) {
      this.#journal.write({ label, dir: live.root, process: { pid: child.pid, identity: processIdentity(child.pid) } });
    }
    const stopWatching = this.#stopOn(signal, label, child);
    try {
      return await outcome(child, step.onOutput);
    } finally {
      stopWatching();
      if (signal.aborted) await killAll(label, child);
    }
  }

  async cleanup({ label }: Attempt): Promise<void> {
    const live = this.#live.get(label);
    if (live?.child) signalGroup(live.child, "SIGKILL");
    if (live) await removeTree(live.root);
    this.#journal.forget(label);
    this.#live.delete(label);
  }

  async recover(): Promise<number> {
    const entries = this.#journal.entries();
    for (const { label, dir, process: recorded } of entries) {
      const same = recorded?.identity !== undefined && processIdentity(recorded.pid) === recorded.identity;
      if (same) sendSignal(-recorded.pid, "SIGKILL");
      await killAll(label);
      await removeTree(dir);
      this.#journal.forget(label);
    }
    for (const name of await readdir(this.#workDir)) await removeTree(join(this.#workDir, name));
    return entries.length;
  }

  /** Ends the group when `signal` is aborted: asks, then forces. Answers how to stop watching. */
  #stopOn(signal: AbortSignal, label: string, child: ChildProcess): () => void {
    let force: NodeJS.Timeout | undefined;
    const stop = () => {
      signalGroup(child, "SIGTERM");
      force = setTimeout(() => void killAll(label, child), graceMs(signal));
    };
    signal.addEventListener("abort", stop, { once: true });
    return () => {
      signal.removeEventListener("abort", stop);
      clearTimeout(force);
    };
  }
}

/** How `child` ended, once its last output has been passed on. Rejects when it could not be started. */
function outcome(child: ChildProcess, onOutput: Step["onOutput"]): Promise<Exit> {
  child.stdout?.on("data", (chunk: Uint8Array) => onOutput("stdout", chunk));
  child.stderr?.on("data", (chunk: Uint8Array) => onOutput("stderr", chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    let leftover: NodeJS.Timeout | undefined;
    child.once("exit", () => {
      leftover = setTimeout(() => signalGroup(child, "SIGKILL"), LEFTOVER_MS);
    });
    child.once("close", (code, signal) => {
      clearTimeout(leftover);
      resolve(code === null ? { killedBy: signal ?? "SIGKILL" } : { code });
    });
  });
}

/** To the group of `child`, unless its id has gone to somebody else: after the leader's end only a stranger can have it. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  const ended = child.exitCode !== null || child.signalCode !== null;
  if (!ended || processIdentity(child.pid) === undefined) sendSignal(-child.pid, signal);
}

/** Forces the group of `child` and every process with the label to end, and waits until they are gone: one may have forked just now. */
async function killAll(label: string, child?: ChildProcess): Promise<void> {
  if (child) signalGroup(child, "SIGKILL");
  for (let round = 0; round < KILL_ROUNDS; round++) {
    const found = (await processesWith(`${LABEL}=${label}`)).filter((other) => sendSignal(other, "SIGKILL"));
    if (found.length === 0) return;
    await sleep(10);
  }
}

async function removeTree(dir: string): Promise<void> {
  try {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // A task may have taken the rights from its own directories.
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o700).catch(() => undefined);
    }
    rmSync(dir, { recursive: true, force: true });
  }
}
