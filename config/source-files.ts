// The repository's own source files, for the checks.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const TOP_FOLDERS = ["actors", "config", "edge", "runners", "sandbox", "test", "ui"];
const SOURCE = /\.(ts|mts|js|mjs|svelte)$/;
const SKIPPED = new Set(["node_modules", "migrations", "static", "fixtures", "dist"]);

/** All sources under the top folders, sorted by path. */
export function readSources(root: string): SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name) && !entry.name.startsWith(".")) walk(path);
      } else if (SOURCE.test(entry.name) && !entry.name.endsWith(".d.ts")) {
        files.push({ path: relative(root, path).replaceAll("\\", "/"), text: readFileSync(path, "utf8") });
      }
    }
  };
  const present = new Set(readdirSync(root));
  for (const folder of TOP_FOLDERS) if (present.has(folder)) walk(join(root, folder));
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Tests and what only tests use: the import table and the budgets for functions do not hold there. */
export function isTestFile(path: string): boolean {
  return /\.test\.ts$|^test\/|\/(standin|testing)\//.test(path);
}

/**
 * The script of a file with everything else blanked out, so that positions stay right. A Svelte file may have two
 * scripts (module and instance); other files are script altogether.
 */
export function scriptOf({ path, text }: SourceFile): string {
  if (!path.endsWith(".svelte")) return text;
  const blank = (part: string) => part.replace(/[^\n]/g, " ");
  let script = "";
  let end = 0;
  for (const match of text.matchAll(/(<script\b[^>]*>)([\s\S]*?)<\/script>/g)) {
    const start = match.index + (match[1]?.length ?? 0);
    script += blank(text.slice(end, start)) + (match[2] ?? "");
    end = start + (match[2]?.length ?? 0);
  }
  return script + blank(text.slice(end));
}
