// The floor's process: the plain runtime with floor-worker.js on a data folder of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPATIBILITY_DATE, quote } from "#edge/local/config.ts";
import { findFreePort } from "#edge/local/request.ts";
import { findWorkerd, onListening } from "#edge/local/workerd.ts";
import { Http } from "../support/http.ts";
import { atTheEnd } from "../support/leftovers.ts";
import type { Sink } from "../support/sink.ts";
import type { Kind, Pids, Subject } from "./subject.ts";

/** Long-lived objects among which the runs are spread. */
export const FLOOR_OBJECTS = 16;
const WORKER = "floor-worker.js";

export class Floor implements Subject {
  readonly name = "floor";
  readonly #dir: string;
  readonly #port: number;
  #http: Http;
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.#port = port;
    this.#http = new Http(port);
    this.#dir = mkdtempSync(join(tmpdir(), "windhover-floor-"));
    mkdirSync(join(this.#dir, "disk"));
    copyFileSync(join(import.meta.dirname, WORKER), join(this.#dir, WORKER));
    writeFileSync(join(this.#dir, "floor.capnp"), configText(this.#dir, port));
  }

  static async create(): Promise<Floor> {
    const port = await findFreePort(0);
    if (port === undefined) throw new Error("No free port on 127.0.0.1");
    return new Floor(port);
  }

  start(): Promise<void> {
    const child = spawn(findWorkerd(), ["serve", join(this.#dir, "floor.capnp"), "--control-fd=3"], {
      detached: true,
      env: {},
      stdio: ["ignore", "ignore", "inherit", "pipe"],
    });
    this.#child = child;
    const forget = atTheEnd(() => child.kill("SIGKILL"));
    return new Promise((resolve, reject) => {
      child.once("exit", (code) => {
        forget();
        reject(new Error(`The floor's runtime ended with code ${code}`));
      });
      onListening(child, resolve);
    });
  }

  async startToFirstRun(): Promise<void> {
    await this.start();
    await this.run({ work: "steps", steps: 1 });
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
    this.#http.close();
    this.#http = new Http(this.#port);
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async run(kind: Kind): Promise<void> {
    if (kind.work === "steps") await this.#post("/confirmed", kind.steps);
    else if (kind.work === "effects") await this.#post("/effects", kind.steps, kind.sink);
    else await this.#post(`/${kind.work}`, kind.steps);
  }

  /** The calls to the sink alone, without a commit: the outside world's share of `effects`. */
  async callSink(steps: number, sink: Sink): Promise<void> {
    await this.#post("/calls", steps, sink);
  }

  async #post(path: string, steps: number, sink?: Sink): Promise<void> {
    const where = sink === undefined ? "" : `&sink=${encodeURIComponent(sink.url)}`;
    const answer = await this.#http.send({
      method: "POST",
      path: `${path}?steps=${steps}&objects=${FLOOR_OBJECTS}${where}`,
    });
    if (answer.status !== 200) throw new Error(`The floor answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  }

  pids(): Pids {
    return this.#child?.pid === undefined ? {} : { workerd: this.#child.pid };
  }
}

function configText(dir: string, port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "disk", disk = (path = ${quote(join(dir, "disk"))}, writable = true)),
    (name = "sink", network = (allow = ["private", "local"])),
  ],
  sockets = [(name = "http", address = ${quote(`127.0.0.1:${port}`)}, http = (), service = "main")],
);

const main :Workerd.Worker = (
  compatibilityDate = ${quote(COMPATIBILITY_DATE)},
  modules = [(name = ${quote(WORKER)}, esModule = embed ${quote(WORKER)})],
  durableObjectNamespaces = [(className = "Floor", uniqueKey = "floor", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  globalOutbound = "sink",
  bindings = [(name = "FLOOR", durableObjectNamespace = "Floor")],
);
`;
}
