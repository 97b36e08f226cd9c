// The real server as a user starts it, for black-box tests and benchmarks: started, stopped, killed with -9, started again.
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRunFile } from "#edge/local/data-folder.ts";
import { findFreePort } from "#edge/local/request.ts";
import { Api } from "./api.ts";
import { atTheEnd } from "./leftovers.ts";
import { Hopeless, poll } from "./poll.ts";
import { isAlive, killAll, processTree } from "./process-tree.ts";

const ROOT = join(import.meta.dirname, "..", "..");
/** The first start in a checkout builds the Worker and the UI. */
const START_TIMEOUT_MS = 180_000;
const UP = "Windhover is up";
const KEPT_OUTPUT_CHARS = 200_000;

export interface ServerOptions {
  /** Start the runner agent too. */
  readonly agent?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Data folder; a new one in the temporary folder when left out, and removed by `remove()`. */
  readonly dataDir?: string;
  /** File that gets a copy of the output. */
  readonly logFile?: string;
}

export interface RunningPids {
  readonly launcher: number;
  readonly workerd: number;
  /** Undefined without an agent. */
  readonly agent: number | undefined;
}

/** One server on one data folder and one port, over all its lives. */
export class Server {
  readonly dataDir: string;
  readonly port: number;
  readonly api: Api;
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  #output = "";
  #forget = () => {};

  private constructor(port: number, options: ServerOptions) {
    this.port = port;
    this.#options = options;
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "windhover-test-"));
    this.api = new Api(port);
  }

  /** A server that is not started yet. */
  static async create(options: ServerOptions = {}): Promise<Server> {
    const port = await findFreePort(0);
    if (port === undefined) throw new Error("No free port on 127.0.0.1");
    return new Server(port, options);
  }

  /** A server that is up. */
  static async start(options: ServerOptions = {}): Promise<Server> {
    const server = await Server.create(options);
    await server.start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What all lives have printed, the newest 200,000 characters. */
  get output(): string {
    return this.#output;
  }

  /** Starts it and waits until it says that it is up. */
  async start(): Promise<void> {
    const before = this.#output.length;
    this.spawn();
    await poll(
      () => {
        if (!this.isRunning()) throw new Hopeless(`The server ended at once:\n${this.#output.slice(before)}`);
        return this.#output.includes(UP, before) ? true : undefined;
      },
      { timeoutMs: START_TIMEOUT_MS, everyMs: 5, what: "the server to be up" },
    );
  }

  /** Starts it and returns at once: for whoever measures how long it takes. */
  spawn(): void {
    if (this.isRunning()) throw new Error("The server runs already");
    this.#output = this.#output.slice(-KEPT_OUTPUT_CHARS);
    const { agent = false, env = {}, logFile } = this.#options;
    const child = spawn(process.execPath, [join(ROOT, "edge", "local", "serve.ts"), ...(agent ? [] : ["--no-agent"])], {
      cwd: ROOT,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...cleanEnvironment(), PORT: String(this.port), WINDHOVER_DATA: this.dataDir, ...env },
    });
    const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: "a" });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk;
        log?.write(chunk);
      });
    }
    child.once("close", () => log?.end());
    this.#child = child;
    this.#forget = atTheEnd(() => this.killNow());
  }

  isRunning(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ids of the processes of this life. Throws when it is not up. */
  pids(): RunningPids {
    const run = readRunFile(this.dataDir);
    if (!run?.workerd) throw new Error("The server is not up");
    return { launcher: run.launcher.pid, workerd: run.workerd.pid, agent: run.agent?.pid };
  }

  /** Ctrl-C, and waits for the end. Kills what is left after 15 s. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child?.pid || !this.isRunning()) return this.kill();
    const tree = processTree(child.pid);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGINT");
    const timer = setTimeout(() => killAll(tree), 15_000);
    await ended;
    clearTimeout(timer);
    await this.#gone(tree);
  }

  /** Ends launcher, runtime, agent and everything below them with -9, the launcher first so that it starts nothing again. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child?.pid) return;
    const tree = processTree(child.pid);
    const ended = this.isRunning() ? new Promise((resolve) => child.once("exit", resolve)) : undefined;
    killAll(tree);
    await ended;
    await this.#gone(tree);
  }

  async #gone(pids: readonly number[]): Promise<void> {
    await poll(() => (pids.some(isAlive) ? undefined : true), {
      timeoutMs: 10_000,
      everyMs: 2,
      what: "all processes of the server to be gone",
    });
    this.api.forgetConnections();
    this.#forget();
  }

  /** Kills it and removes its data folder, if it made that itself. */
  async remove(): Promise<void> {
    await this.kill();
    if (this.#options.dataDir === undefined) rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Synchronous kill, for the end of this process. */
  killNow(): void {
    if (this.#child?.pid) killAll(processTree(this.#child.pid));
  }
}

/** The environment without what would change the server's settings. Compiled code is kept, as `npm start` does. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(WINDHOVER_|SECRET_|CELLS$|PORT$|NODE_OPTIONS$|VITEST|TEST$)/.test(name),
  );
  return { ...Object.fromEntries(kept), NODE_COMPILE_CACHE: join(ROOT, "node_modules", ".cache", "compile") };
}
