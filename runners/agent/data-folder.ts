import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where an agent keeps what outlives it: its id, its journal, its spools and working directories. */
export type DataFolder = { agentId: string; dir: string; spoolDir: string };

/** Opens the folder, made when it is missing. Lines that an earlier start could not send are gone: their lease was, too. */
export function openDataFolder(dir: string): DataFolder {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const spoolDir = join(dir, "spool");
  rmSync(spoolDir, { recursive: true, force: true });
  return { agentId: agentIdIn(dir), dir, spoolDir };
}

function agentIdIn(dir: string): string {
  const file = join(dir, "agent-id");
  try {
    const id = readFileSync(file, "utf8").trim();
    if (/^[\w-]{1,200}$/.test(id)) return id;
  } catch {
    // The first start in this folder.
  }
  const id = randomUUID();
  writeFileSync(`${file}.new`, `${id}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return id;
}
