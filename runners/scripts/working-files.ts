import { mkdir, readdir, realpath, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, matchesGlob, relative, sep } from "node:path";
import type { JobContext } from "#runners/agent/job-runner.ts";
import type { JsonObject } from "#schema/json.ts";
import { TaskFailure } from "#tasks/define.ts";
import { requireSafeFileName } from "./file-names.ts";
import { forEach } from "./for-each.ts";
import { asText } from "./script-properties.ts";

const STORED = /^kestra:\/\/\S*$/;
/** As in Kestra: what may stand in the URI of a stored file within a command. */
const STORED_WITHIN = /kestra:\/\/[-\p{L}\p{N}%._+~#=/]*/gu;

/** Puts files into `dir`: first those the server adds, then the task's own, which win. */
export async function placeInputFiles(context: JobContext, dir: string, inputFiles: JsonObject): Promise<void> {
  const files = { ...context.job.files, ...inputFiles };
  await forEach(Object.entries(files), async ([name, value]) => {
    const content = asText(value);
    if (content === undefined) return;
    const path = join(dir, requireSafeFileName(name.startsWith("./") ? name.slice(2) : name));
    await mkdir(dirname(path), { recursive: true });
    if (STORED.test(content)) await context.download(content, path);
    else await writeFile(path, content);
  });
}

/** Downloads every stored file that `texts` name and answers the texts with the paths in place of the URIs. */
export async function localiseUris(
  context: JobContext,
  { dir, seenDir }: { dir: string; seenDir: string },
  texts: readonly string[],
): Promise<{ texts: string[]; names: Set<string> }> {
  const uris = [...new Set(texts.flatMap((text) => text.match(STORED_WITHIN) ?? []))].sort(
    (a, b) => b.length - a.length,
  );
  const names = new Map(uris.map((uri, index) => [uri, fileNameFor(uri, index)]));
  await forEach([...names], ([uri, name]) => context.download(uri, join(dir, name)));
  const local = texts.map((text) =>
    text.replaceAll(STORED_WITHIN, (uri) => (names.has(uri) ? `${seenDir}/${names.get(uri)}` : uri)),
  );
  return { texts: local, names: new Set(names.values()) };
}

function fileNameFor(uri: string, index: number): string {
  const name = basename(uri).replaceAll(/[^A-Za-z0-9._-]/g, "_");
  return `input-${index + 1}-${name.slice(-100) || "file"}`;
}

/** Stores the files below `dir` that a glob of `patterns` names, but for `except`; answers name -> URI. */
export async function collectFiles(
  context: JobContext,
  dir: string,
  patterns: readonly string[],
  except: ReadonlySet<string>,
): Promise<Record<string, string>> {
  if (patterns.length === 0) return {};
  const globs = patterns.map((pattern) => (pattern.startsWith("./") ? pattern.slice(2) : pattern));
  for (const glob of globs) {
    if (glob.startsWith("/") || glob.split("/").includes("..")) {
      throw new TaskFailure(`Invalid outputFile (only relative path is supported) for path '${glob}'`);
    }
  }
  const names = (await filesBelow(dir)).filter(
    (name) => !except.has(name) && globs.some((glob) => isMatch(name, glob)),
  );
  const uris = new Map<string, string>();
  await forEach(names, async (name) => void uris.set(name, await context.upload(name, join(dir, name))));
  return Object.fromEntries(names.map((name) => [name, uris.get(name) ?? ""]));
}

/** As Java's globs: a star matches a leading dot too. */
function isMatch(name: string, glob: string): boolean {
  if (name === glob) return true;
  const visible = (path: string) =>
    path
      .split("/")
      .map((segment) => segment.replace(/^\./, "\uE000"))
      .join("/");
  return matchesGlob(visible(name), visible(glob));
}

/** Regular files below `dir` by relative name, sorted. A link counts when it leads to a file within `dir`. */
async function filesBelow(dir: string): Promise<string[]> {
  const root = await realpath(dir);
  const names: string[] = [];
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() || (entry.isSymbolicLink() && (await isFileWithin(root, path)))) {
      names.push(relative(root, path).split(sep).join("/"));
    }
  }
  return names.sort();
}

async function isFileWithin(root: string, path: string): Promise<boolean> {
  const target = await realpath(path).catch(() => "");
  return target.startsWith(`${root}${sep}`) && (await stat(target)).isFile();
}
