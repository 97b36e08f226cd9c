// Starts the plain runtime and one runner agent, keeps both alive and calls the minute sweep.
//
// L1. The server listens on 127.0.0.1 only.
// L2. No process outlives the launcher, but for a launcher killed with -9; the next start ends what that one left.
// L3. Nothing heavy is loaded when nothing has to be built: a restart on existing data takes well under 300 ms.
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { join, relative } from "node:path";
import { agentCommand } from "./agent-command.ts";
import { buildPaths, readManifest } from "./build.ts";
import { keepAlive } from "./child.ts";
import { createLocalConfig } from "./config.ts";
import * as data from "./data-folder.ts";
import { loadExamples } from "./examples.ts";
import type { Family } from "./family.ts";
import { recordProcess } from "./processes.ts";
import { findFreePort, type LocalAnswer, requestLocal } from "./request.ts";
import type { Settings } from "./settings.ts";
import { removeTempFiles } from "./temp-files.ts";
import { apiHeaders, workerEnvironment, workerVars } from "./worker-vars.ts";
import { findWorkerd, onListening } from "./workerd.ts";

const SWEEP_EVERY_MS = 60_000;
const BOOT_TIMEOUT_MS = 30_000;
const AGENT_GRACE_MS = 10_000;
const SERVER_GRACE_MS = 3_000;

export interface ServePaths {
  readonly root: string;
  readonly serverDir: string;
  readonly uiDir: string;
  readonly examplesDir: string;
  readonly agentEntry: string;
}

export interface StartOptions {
  readonly settings: Settings;
  readonly paths: ServePaths;
  /** Takes the processes that are started, also those of a start that fails half-way. */
  readonly family: Family;
  readonly say: (line: string) => void;
}

export interface LocalServer {
  readonly port: number;
  /** To be called when all processes have ended in order. */
  ended(): void;
}

/** Paths of a repository checkout. */
export function servePaths(root: string): ServePaths {
  return { ...buildPaths(root), examplesDir: join(root, "examples"), agentEntry: join(root, "runners", "main.ts") };
}

/** Starts what is built already. Resolves when the server answers; throws with a message for the user. */
export async function startServer(options: StartOptions): Promise<LocalServer> {
  const { settings, paths, say } = options;
  const startedAtMs = Date.now();
  const folder = data.openDataFolder(settings.dataDir);
  await data.takeOver(folder, say);
  const port = await findFreePort(settings.port);
  if (port === undefined) {
    throw new Error(
      `Port ${settings.port} of 127.0.0.1 is in use. Choose another one, such as: PORT=${settings.port + 1} npm start`,
    );
  }
  const run = new RunNotes(folder, port);
  const tokens = {
    agentToken: data.agentToken(folder),
    internal: crypto.randomUUID(),
    encryptionKeys: data.encryptionKeys(folder, { fresh: settings.newKey ?? false }),
  };
  const server: ServerPlace = { ...options, folder, run, port, environment: workerEnvironment(settings, tokens) };
  const call = (path: string, timeoutMs: number) =>
    requestLocal({ port, method: "POST", path, headers: { "x-windhover-internal": tokens.internal }, timeoutMs });

  writeConfig(server);
  await startRuntime(server, async () => {
    await call("/internal/boot", BOOT_TIMEOUT_MS).then(
      (answer) => reportRefusal("boot", answer, say),
      (error: Error) => say(`The server did not answer its first call: ${error.message}`),
    );
  });
  // Beside the server's own work: it may be a large tree.
  void removeTempFiles(folder.filesDir, startedAtMs);
  if (data.isFirstStart(folder)) {
    const complete = await loadExamples({ folder: paths.examplesDir, port, headers: apiHeaders(settings), say });
    if (complete) data.markFirstStartDone(folder);
  }
  setInterval(() => {
    call("/internal/sweep", SWEEP_EVERY_MS).then(
      (answer) => reportRefusal("sweep", answer, say),
      () => {}, // The server is being started again; its boot does what this sweep would have done.
    );
  }, SWEEP_EVERY_MS);
  if (settings.agent) startAgent(server, tokens.agentToken);
  return { port, ended: () => data.removeRunFile(folder) };
}

interface ServerPlace extends StartOptions {
  readonly folder: data.DataFolder;
  readonly run: RunNotes;
  readonly port: number;
  /** Environment of the runtime: secret bindings and nothing else. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Keeps `run.json` up to date. */
class RunNotes {
  readonly #folder: data.DataFolder;
  #run: data.RunFile;

  constructor(folder: data.DataFolder, port: number) {
    this.#folder = folder;
    this.#run = { port, launcher: recordProcess(process.pid) };
  }

  note(role: "workerd" | "agent", pid: number): void {
    this.#run = { ...this.#run, [role]: recordProcess(pid) };
    data.writeRunFile(this.#folder, this.#run);
  }
}

function writeConfig({ settings, paths, folder, port, environment }: ServerPlace): void {
  const text = createLocalConfig({
    port,
    objectsDir: folder.objectsDir,
    filesDir: folder.filesDir,
    uiDir: paths.uiDir,
    modules: readManifest(paths.serverDir).modules.map(({ name, kind }) => ({
      name,
      kind,
      path: relative(folder.root, join(paths.serverDir, name)).replaceAll("\\", "/"),
    })),
    allowPrivate: settings.allowPrivate,
    vars: workerVars(settings, port),
    secretVars: [...Object.keys(environment), "BOOT_ID"],
  });
  writeFileSync(folder.configFile, text);
}

/** Resolves after the first `booted`; rejects when the runtime ends before it listened once. */
function startRuntime(
  { folder, family, run, environment, say }: ServerPlace,
  booted: () => Promise<void>,
): Promise<void> {
  const program = findWorkerd();
  return new Promise((resolve, reject) => {
    let listenedOnce = false;
    const child = keepAlive({
      name: "The server",
      say,
      spawn: () =>
        spawn(program, ["serve", folder.configFile, "--control-fd=3"], {
          detached: true,
          env: { ...environment, BOOT_ID: crypto.randomUUID() },
          stdio: ["ignore", "inherit", "inherit", "pipe"],
        }),
      started(process) {
        run.note("workerd", process.pid as number);
        onListening(process, () => {
          listenedOnce = true;
          booted().then(resolve, reject);
        });
      },
      restart(exit) {
        if (!listenedOnce) reject(new Error(`The server ${exit} before it could listen; its message is above.`));
        return listenedOnce;
      },
    });
    family.add(child, SERVER_GRACE_MS);
  });
}

function startAgent({ paths, folder, family, run, port, say }: ServerPlace, token: string): void {
  if (!existsSync(paths.agentEntry)) {
    say("This checkout has no runner agent (runners/main.ts): scripts and containers wait until one connects.");
    return;
  }
  const { args, env } = agentCommand({
    entry: paths.agentEntry,
    port,
    workDir: folder.agentDir,
    token,
    env: process.env,
    compileCache: getCompileCacheDir(),
  });
  const child = keepAlive({
    name: "The agent",
    say,
    spawn: () =>
      spawn(process.execPath, args, { detached: true, cwd: paths.root, env, stdio: ["ignore", "inherit", "inherit"] }),
    started: (process) => run.note("agent", process.pid as number),
    restart: () => true,
  });
  family.add(child, AGENT_GRACE_MS);
}

function reportRefusal(call: string, answer: LocalAnswer, say: (line: string) => void): void {
  if (answer.status >= 300) say(`The server's ${call} failed (${answer.status}): ${answer.body.slice(0, 500)}`);
}
