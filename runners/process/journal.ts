import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

// What runs, on disk, so that a later start of the agent finds it. One small file for each attempt, written before the process is
// started and again when its id is known.

const Entry = z.object({
  label: z.string(),
  dir: z.string(),
  process: z.object({ pid: z.int(), identity: z.string().optional() }).optional(),
});
export type JournalEntry = z.infer<typeof Entry>;

export class Journal {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  write(entry: JournalEntry): void {
    writeFileSync(this.#path(entry.label), JSON.stringify(entry), { mode: 0o600 });
  }

  forget(label: string): void {
    rmSync(this.#path(label), { force: true });
  }

  /** What earlier starts left. A file that was cut by a crash is skipped: its process is found by the label of others or not at all. */
  entries(): JournalEntry[] {
    return readdirSync(this.#dir).flatMap((name) => {
      try {
        return [Entry.parse(JSON.parse(readFileSync(join(this.#dir, name), "utf8")))];
      } catch {
        rmSync(join(this.#dir, name), { force: true });
        return [];
      }
    });
  }

  #path(label: string): string {
    return join(this.#dir, `${createHash("sha256").update(label).digest("hex").slice(0, 32)}.json`);
  }
}
