// Is a built folder up to date? A stamp file keeps two fingerprints of the sources: one of names, sizes and times
// (cheap, read on every start) and one of contents (read only when the first differs: a checkout changes times).
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

// Taken this way and not by import: a namespace import of a builtin loads everything it re-exports.
const { createHash } = process.getBuiltinModule("node:crypto");

export interface StampedBuild {
  /** Where the stamp is kept; beside the output, so that clearing one clears the other. */
  readonly stampFile: string;
  /** The output; when it is missing, the stamp does not count. */
  readonly output: string;
  /** Files and folders the output is made from. Missing ones are part of the fingerprint too. */
  readonly sources: readonly string[];
}

interface Stamp {
  readonly quick: string;
  readonly contents: string;
}

export type Freshness = { readonly fresh: true } | { readonly fresh: false; readonly done: () => void };

const SKIPPED = /(^|[\\/])(node_modules|\.[^\\/]+)$|\.test\.ts$|\.md$/;

/**
 * Says whether the output is newer than its sources. If not, call `done` after a successful build: it stores the
 * fingerprint taken now, so that an edit made during the build counts as a change.
 */
export function checkFreshness({ stampFile, output, sources }: StampedBuild): Freshness {
  const files = sources.flatMap(listFiles);
  const quick = fingerprintTimes(files);
  const old = existsSync(output) ? readStamp(stampFile) : undefined;
  if (old?.quick === quick) return { fresh: true };
  const contents = fingerprintContents(files);
  mkdirSync(dirname(stampFile), { recursive: true });
  const write = () => writeFileSync(stampFile, `${JSON.stringify({ quick, contents } satisfies Stamp)}\n`);
  if (old?.contents === contents) {
    write();
    return { fresh: true };
  }
  return { fresh: false, done: write };
}

function readStamp(file: string): Stamp | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    const { quick, contents } = value as Partial<Stamp>;
    return typeof quick === "string" && typeof contents === "string" ? { quick, contents } : undefined;
  } catch {
    return undefined;
  }
}

interface SourceFile {
  readonly path: string;
  readonly name: string;
}

function listFiles(root: string): SourceFile[] {
  const stat = statSync(root, { throwIfNoEntry: false });
  if (!stat) return [];
  if (stat.isFile()) return [{ path: root, name: root }];
  const files: SourceFile[] = [];
  const walk = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (SKIPPED.test(path)) continue;
      if (entry.isDirectory()) walk(path);
      else files.push({ path, name: relative(root, path) });
    }
  };
  walk(root);
  return files;
}

function fingerprintTimes(files: readonly SourceFile[]): string {
  const hash = createHash("sha1");
  for (const { path } of files) {
    const stat = statSync(path, { throwIfNoEntry: false });
    hash.update(`${path}\0${stat?.size}\0${stat?.mtimeMs}\n`);
  }
  return hash.digest("hex");
}

function fingerprintContents(files: readonly SourceFile[]): string {
  const hash = createHash("sha1");
  for (const { path, name } of files) hash.update(`${name}\0`).update(readFileSync(path)).update("\0");
  return hash.digest("hex");
}
