import { createHash, randomUUID } from "node:crypto";
import { createReadStream, mkdirSync, rmSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import type { JobContext } from "#runners/agent/job-runner.ts";
import {
  EMPTY_PLACE,
  isPlaceName,
  PLACE_FOLDER,
  type PlaceFile,
  type PlaceManifest,
  parseManifest,
  placeProblem,
} from "#schema/place.ts";
import { TaskFailure } from "#tasks/define.ts";
import { forEach } from "./for-each.ts";

// Directories that several tasks share (actors/schema/place.ts), as this agent has them.
//
// H1. A task finds what its list says, whoever made it. What this agent left for that very list itself is used as it is, without a copy.
// H2. One directory has one task at a time, and the same path for each of them, so that absolute paths in it (an environment of Python) hold.
// H3. What a task changed is stored before its result is sent; what it did not change is neither read nor sent.
// H4. At most MAX_KEPT directories are kept for tasks to come, for KEPT_MS; none outlives the agent.

const MAX_KEPT = 8;
const KEPT_MS = 3_600_000;
/** A file that changed so shortly before it was looked at may change again within the same tick of the file system's clock. */
const TICK_MS = 50;

type Seen = { entry: PlaceFile; size: number; ino: number; ctimeMs: number; mtimeMs: number; isSettled: boolean };
type Local = {
  dir: string;
  /** The list that the directory is equal to; undefined when it is not known to equal any. */
  manifest: string | undefined;
  seen: ReadonlyMap<string, Seen>;
  list: PlaceManifest;
  isBusy: boolean;
  usedAtMs: number;
};

export class SharedPlaces {
  readonly #root: string;
  readonly #now: () => number;
  readonly #kept = new Map<string, Local>();

  /** `root` is this object's own: what an earlier start left there is removed. */
  constructor(root: string, now: () => number = Date.now) {
    this.#root = root;
    this.#now = now;
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root, { recursive: true, mode: 0o700 });
  }

  /** The directory that the job shares, as its list says. */
  async open(context: JobContext): Promise<SharedDir> {
    const { place } = context.job;
    if (place === undefined) throw new Error(`${context.job.id} shares no directory`);
    await this.#evict();
    const known = this.#kept.get(place.id);
    if (known !== undefined && !known.isBusy && known.manifest !== undefined && known.manifest === place.manifest) {
      known.isBusy = true;
      return new SharedDir(context, known, this.#now);
    }
    // While an attempt that is to end still has the directory, another one gets a directory of its own.
    const key = known?.isBusy ? `${place.id}#${randomUUID()}` : place.id;
    const dir = join(this.#root, createHash("sha256").update(key).digest("hex").slice(0, 32));
    const local: Local = {
      dir,
      manifest: undefined,
      seen: new Map(),
      list: EMPTY_PLACE,
      isBusy: true,
      usedAtMs: this.#now(),
    };
    this.#kept.set(key, local);
    try {
      await removeDir(dir);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const shared = new SharedDir(context, local, this.#now);
      await shared.fill();
      return shared;
    } catch (error) {
      local.isBusy = false;
      throw error;
    }
  }

  async #evict(): Promise<void> {
    const idle = [...this.#kept].filter(([, { isBusy }]) => !isBusy).sort(([, a], [, b]) => b.usedAtMs - a.usedAtMs);
    for (const [index, [key, { dir, usedAtMs, manifest }]] of idle.entries()) {
      if (index < MAX_KEPT && manifest !== undefined && this.#now() - usedAtMs < KEPT_MS) continue;
      this.#kept.delete(key);
      await removeDir(dir);
    }
  }
}

/** A shared directory while one task has it. */
export class SharedDir {
  readonly #context: JobContext;
  readonly #local: Local;
  readonly #now: () => number;

  constructor(context: JobContext, local: Local, now: () => number) {
    this.#context = context;
    this.#local = local;
    this.#now = now;
  }

  get dir(): string {
    return this.#local.dir;
  }

  /** Makes an empty directory what the list says. */
  async fill(): Promise<void> {
    const uri = this.#context.job.place?.manifest;
    const { dir } = this.#local;
    const list = uri === undefined ? EMPTY_PLACE : await this.#download(uri);
    await forEach(list.files, async ({ name, uri: from, executable }) => {
      const path = join(dir, name);
      await mkdir(dirname(path), { recursive: true });
      await this.#context.download(from, path);
      if (executable) await chmod(path, 0o700);
    });
    for (const name of list.folders ?? []) await mkdir(join(dir, name), { recursive: true });
    // Last, so that nothing is written through a link.
    for (const { name, target } of list.links ?? []) {
      await mkdir(dirname(join(dir, name)), { recursive: true });
      await symlink(target, join(dir, name));
    }
    this.#local.list = list;
    this.#local.manifest = uri;
    this.#local.seen = await seenNow(dir, list.files, this.#now());
  }

  async #download(uri: string): Promise<PlaceManifest> {
    const path = `${this.#local.dir}.list`;
    await this.#context.download(uri, path);
    try {
      return parseManifest(await readFile(path, "utf8"));
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Stores what changed, but for the files named `except`, which are removed; the URI of the list, undefined when nothing changed. */
  async leave(except: ReadonlySet<string>): Promise<string | undefined> {
    const { dir, manifest, list } = this.#local;
    for (const name of except) await rm(join(dir, name), { force: true });
    this.#local.manifest = undefined;
    const found = await contentsOf(dir);
    const odd = [...found.files, ...found.links, ...found.folders.map((name) => ({ name }))].find(
      ({ name }) => !isPlaceName(name),
    );
    const problem = odd === undefined ? placeProblem(found.files) : oddName(odd.name);
    if (problem !== undefined) throw new TaskFailure(problem);
    const entries = new Map<string, PlaceFile>();
    const stored = new Map(list.files.flatMap((file) => (file.hash === undefined ? [] : [[file.hash, file] as const])));
    await forEach(found.files, async ({ name }) => void entries.set(name, await this.#entry(name, stored)));
    const files = found.files.flatMap(({ name }) => entries.get(name) ?? []);
    const next: PlaceManifest = {
      files,
      ...(found.folders.length > 0 ? { folders: found.folders } : {}),
      ...(found.links.length > 0 ? { links: found.links } : {}),
    };
    const isSame = textOf(next) === textOf(list);
    this.#local.seen = await seenNow(dir, files, this.#now());
    this.#local.list = next;
    this.#local.manifest = isSame ? manifest : await this.#keepList(next);
    return isSame ? undefined : this.#local.manifest;
  }

  async #entry(name: string, stored: ReadonlyMap<string, PlaceFile>): Promise<PlaceFile> {
    const path = join(this.#local.dir, name);
    const before = this.#local.seen.get(name);
    const { size, ino, ctimeMs, mtimeMs, mode } = await lstat(path);
    const executable = (mode & 0o100) === 0 ? {} : ({ executable: true } as const);
    const isUntouched =
      before?.isSettled &&
      before.size === size &&
      before.ino === ino &&
      before.ctimeMs === ctimeMs &&
      before.mtimeMs === mtimeMs;
    if (isUntouched) return before.entry;
    const hash = await hashOf(path);
    const known = before?.entry.hash === hash ? before.entry : stored.get(hash);
    const uri = known?.uri ?? (await this.#context.upload(`${PLACE_FOLDER}/${hash}`, path));
    return { name, uri, size, hash, ...executable };
  }

  async #keepList(list: PlaceManifest): Promise<string> {
    const text = JSON.stringify(list);
    const hash = createHash("sha256").update(text).digest("hex");
    const path = `${this.#local.dir}.list`;
    await writeFile(path, text);
    try {
      return await this.#context.upload(`${PLACE_FOLDER}/${hash}`, path);
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Nothing of the task runs any more: another one may have the directory. What was not stored is as if it had not been. */
  release(): void {
    this.#local.usedAtMs = this.#now();
    this.#local.isBusy = false;
  }
}

function oddName(name: string): string {
  return `The next task cannot be given the file ${JSON.stringify(name)}: rename or remove it.`;
}

/** The list as one text, whatever its order; files that were never read equal themselves by where they are. */
function textOf({ files, folders = [], links = [] }: PlaceManifest): string {
  const of = files.map(({ name, uri, hash, executable }) => [name, hash ?? uri, executable === true]).sort(byText);
  return JSON.stringify([of, [...folders].sort(), links.map(({ name, target }) => [name, target]).sort(byText)]);
}

function byText(a: unknown, b: unknown): number {
  const [first, second] = [JSON.stringify(a), JSON.stringify(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

type Contents = {
  files: { name: string; size: number }[];
  folders: string[];
  links: { name: string; target: string }[];
};

/** What the directory holds: regular files, folders with nothing in them, links as they are. Nothing is read through a link. */
async function contentsOf(dir: string): Promise<Contents> {
  const contents: Contents = { files: [], folders: [], links: [] };
  const full = new Set<string>();
  const folders: string[] = [];
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(dir, path).split(sep).join("/");
    full.add(relative(dir, entry.parentPath).split(sep).join("/"));
    if (entry.isSymbolicLink()) contents.links.push({ name, target: await readlink(path) });
    else if (entry.isDirectory()) folders.push(name);
    else if (entry.isFile()) contents.files.push({ name, size: (await lstat(path)).size });
  }
  contents.folders = folders.filter((name) => !full.has(name)).sort();
  contents.files.sort((a, b) => byText(a.name, b.name));
  return contents;
}

async function seenNow(dir: string, files: readonly PlaceFile[], nowMs: number): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  await forEach(files, async (entry) => {
    const { size, ino, ctimeMs, mtimeMs } = await lstat(join(dir, entry.name));
    seen.set(entry.name, { entry, size, ino, ctimeMs, mtimeMs, isSettled: ctimeMs < nowMs - TICK_MS });
  });
  return seen;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function removeDir(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
}
