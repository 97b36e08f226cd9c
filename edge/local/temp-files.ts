import { opendir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** What the runtime's disk service writes to before it renames it: `.name.PID.N.tmp`. No stored file has a leading dot here. */
const TEMPORARY = /^\..*\.\d+\.\d+\.tmp$/;

/**
 * Deletes what uploads of a runtime that was killed have left: the disk service does not see such files itself. Those changed after
 * `beforeMs` may be of the runtime that is running. Never rejects.
 */
export async function removeTempFiles(folder: string, beforeMs: number): Promise<number> {
  let removed = 0;
  try {
    for await (const entry of await opendir(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) removed += await removeTempFiles(path, beforeMs);
      else if (TEMPORARY.test(entry.name) && (await stat(path)).mtimeMs < beforeMs) {
        await rm(path, { force: true });
        removed += 1;
      }
    }
  } catch {
    // A folder that went away meanwhile has nothing to remove.
  }
  return removed;
}
