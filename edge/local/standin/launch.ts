// Starts the launcher with the stand-in Worker as a process of its own, as a user would, and watches it.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleWorker } from "../bundle.ts";
import { readRunFile } from "../data-folder.ts";
import { signalGroup } from "../processes.ts";
import { findFreePort, requestLocal } from "../request.ts";

export interface Launched {
  readonly process: ChildProcess;
  readonly port: number;
  /** Everything printed so far. */
  output(): string;
  /** Resolves once the text was printed; rejects after 15 s or when the process ends. */
  printed(text: string, times?: number): Promise<void>;
  /** Resolves with the exit code, null after a signal. */
  readonly exited: Promise<number | null>;
  get(path: string): Promise<string>;
}

export interface Standin {
  readonly dir: string;
  readonly dataDir: string;
  launch(options?: { args?: readonly string[]; env?: Record<string, string>; port?: number }): Promise<Launched>;
  /** One entry for each start of the stand-in agent. */
  agents(): { pid: number; task: number; args: string[]; token: string }[];
  /** Ends whatever a failed test left, and removes the folder. */
  cleanUp(): void;
}

/** A temporary folder with the built stand-in, two example flows (one of them refused when `badExample`), and a UI. */
export async function createStandin({ badExample = false } = {}): Promise<Standin> {
  const dir = mkdtempSync(join(tmpdir(), 'windhover-local ü"-'));
  const dataDir = join(dir, "data");
  const agentLog = join(dir, "agents.log");
  for (const name of ["ui", "examples"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "ui", "index.html"), "<p>UI</p>");
  writeFileSync(join(dir, "examples", "one.yaml"), "id: one");
  if (badExample) writeFileSync(join(dir, "examples", "two.yaml"), "id: bad");
  await bundleWorker({ entry: join(import.meta.dirname, "worker.mjs"), outDir: join(dir, "server") });
  const started: ChildProcess[] = [];

  return {
    dir,
    dataDir,
    async launch({ args = [], env = {}, port } = {}) {
      const chosen = port ?? (await findFreePort(0)) ?? 0;
      const child = spawn(process.execPath, [join(import.meta.dirname, "start.ts"), ...args], {
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: process.env.PATH,
          PORT: String(chosen),
          WINDHOVER_DATA: dataDir,
          STANDIN_DIR: dir,
          STANDIN_AGENT_LOG: agentLog,
          ...env,
        },
      });
      started.push(child);
      return watch(child, chosen);
    },
    agents: () =>
      readFileSync(agentLog, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    cleanUp() {
      for (const child of started) if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
      const run = readRunFile(dataDir);
      for (const record of [run?.agent, run?.workerd]) if (record) signalGroup(record.pid, "SIGKILL");
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

function watch(child: ChildProcess, port: number): Launched {
  let text = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk) => {
      text += chunk;
      for (const listener of listeners) listener();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    process: child,
    port,
    output: () => text,
    exited,
    printed: (wanted, times = 1) =>
      new Promise((resolve, reject) => {
        const fail = (why: string) => reject(new Error(`${why} before "${wanted}" was printed. Output:\n${text}`));
        const timer = setTimeout(() => fail("15 s passed"), 15_000);
        const check = () => {
          if (text.split(wanted).length <= times) return;
          clearTimeout(timer);
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        exited.then(() => setTimeout(() => fail("The process ended"), 50));
        check();
      }),
    get: async (path) => (await requestLocal({ port, method: "GET", path, timeoutMs: 5_000 })).body,
  };
}
