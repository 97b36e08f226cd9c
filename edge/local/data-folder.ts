// The data folder of the local server: where everything lives that a second start must find again.
//
//   do/            storage of the Durable Objects (the truth)
//   files/         what the files port stores
//   agent/         work folder of the runner agent
//   agent-token    the token the agent shows to the server, readable by the owner only
//   encryption-keys  what seals secrets, the newest first, readable by the owner only: without them no secret can be read again
//   run.json       the processes of the start that is running now, or was when it died
//   first-start    present once the example flows have been loaded
//   workerd.capnp  the generated configuration of the runtime
//
// D1. At most one launcher uses a data folder at a time.
// D2. Processes that a dead launcher left behind on this folder are ended before new ones start.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning, killRecorded, type ProcessRecord } from "./processes.ts";

const { randomBytes } = process.getBuiltinModule("node:crypto");

export interface DataFolder {
  readonly root: string;
  readonly objectsDir: string;
  readonly filesDir: string;
  readonly agentDir: string;
  readonly configFile: string;
}

/** Contents of `run.json`. */
export interface RunFile {
  readonly port: number;
  readonly launcher: ProcessRecord;
  readonly workerd?: ProcessRecord;
  readonly agent?: ProcessRecord;
}

/** Makes what is missing. Only the owner may look inside. */
export function openDataFolder(root: string): DataFolder {
  const folder: DataFolder = {
    root,
    objectsDir: join(root, "do"),
    filesDir: join(root, "files"),
    agentDir: join(root, "agent"),
    configFile: join(root, "workerd.capnp"),
  };
  for (const path of [root, folder.objectsDir, folder.filesDir, folder.agentDir]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  return folder;
}

/** The agent's token: made on the first start and kept. 256 random bits. */
export function agentToken({ root }: DataFolder): string {
  const file = join(root, "agent-token");
  if (existsSync(file)) {
    const token = readFileSync(file, "utf8").trim();
    if (token !== "") return token;
  }
  const token = randomBytes(32).toString("hex");
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return token;
}

/** The keys that seal secrets, `id:base64` on a line each, the newest first: one is made on the first start, or when `fresh`. */
export function encryptionKeys({ root }: DataFolder, { fresh }: { fresh: boolean }): string {
  const file = join(root, "encryption-keys");
  const kept = existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line.trim() !== "")
    : [];
  if (kept.length > 0 && !fresh) return kept.join(",");
  const keys = [`k${kept.length + 1}:${randomBytes(32).toString("base64")}`, ...kept];
  // In one step: half of a key would be no key.
  writeFileSync(`${file}.new`, `${keys.join("\n")}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return keys.join(",");
}

export function isFirstStart({ root }: DataFolder): boolean {
  return !existsSync(join(root, "first-start"));
}

export function markFirstStartDone({ root }: DataFolder): void {
  writeFileSync(join(root, "first-start"), "The example flows were loaded. Delete this file to load them again.\n");
}

/** The processes written down by the last start, or undefined. */
export function readRunFile(root: string): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(join(root, "run.json"), "utf8")) as RunFile;
  } catch {
    return undefined;
  }
}

/** Replaces `run.json` in one step. */
export function writeRunFile({ root }: DataFolder, run: RunFile): void {
  const file = join(root, "run.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

export function removeRunFile({ root }: DataFolder): void {
  rmSync(join(root, "run.json"), { force: true });
}

/** D1 and D2. Throws with a message for the user when another launcher runs on this folder. */
export async function takeOver(folder: DataFolder, say: (line: string) => void): Promise<void> {
  const run = readRunFile(folder.root);
  if (!run) return;
  if (run.launcher.pid !== process.pid && isRunning(run.launcher)) {
    throw new Error(
      `Windhover already runs on ${folder.root} (process ${run.launcher.pid}, http://127.0.0.1:${run.port}). ` +
        "Stop it first, or set WINDHOVER_DATA to another folder.",
    );
  }
  for (const [name, record] of [
    ["server", run.workerd],
    ["agent", run.agent],
  ] as const) {
    if (record && (await killRecorded(record)))
      say(`Ended a ${name} left over from an earlier start (process ${record.pid}).`);
  }
}
