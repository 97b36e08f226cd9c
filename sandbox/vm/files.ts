// The in-memory file system of one run. Lives on the host side, so a full one costs the machine nothing.
//
// V7. Nothing outside the working directory and `/tmp` exists. All content is copied in and out; its sum is limited.
import { Refusal } from "./failure.ts";
import { inWorkingDirectory, parentOf, ROOTS, resolvePath } from "./paths.ts";

/** What one file costs beside its content, so that many empty ones have a limit too. */
const ENTRY_BYTES = 256;

export interface FileStat {
  isFile: boolean;
  isDirectory: boolean;
  size: number;
}

export interface WriteOptions {
  append?: boolean;
  /** False: the file must exist. */
  create?: boolean;
  /** True: the file must not exist. */
  createNew?: boolean;
}

export class MemoryFiles {
  #contents = new Map<string, Uint8Array>();
  #folders = new Set<string>(ROOTS);
  #written = new Set<string>();
  #given: readonly string[];
  #limitBytes: number;
  #usedBytes = 0;

  /** Throws a Refusal when a name leaves the working directory or the content exceeds `limitBytes`. */
  constructor(files: Readonly<Record<string, Uint8Array>>, limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#given = Object.keys(files);
    for (const [name, content] of Object.entries(files)) {
      const path = resolvePath(name);
      if (name.startsWith("/") || inWorkingDirectory(path) === undefined) {
        throw new Refusal(
          "Error",
          "EINVAL",
          `the input file '${name}' is not a relative path in the working directory`,
        );
      }
      this.makeFolder(parentOf(path), true);
      this.#put(path, content);
    }
  }

  /** Names the run began with that are not there any more. */
  removed(): string[] {
    return [...this.#given].filter((name) => !this.#contents.has(resolvePath(name)));
  }

  /** What was written in the working directory and still exists. */
  written(): Record<string, Uint8Array> {
    const result: Record<string, Uint8Array> = Object.create(null);
    for (const path of this.#written) {
      const content = this.#contents.get(path);
      const name = inWorkingDirectory(path);
      if (content && name !== undefined) result[name] = content;
    }
    return result;
  }

  /** How much work an operation over all entries is. */
  get entryCount(): number {
    return this.#contents.size + this.#folders.size;
  }

  /** The content itself, not a copy: whoever passes it on copies. */
  read(path: string): Uint8Array {
    const content = this.#contents.get(path);
    if (content) return content;
    if (this.#folders.has(path))
      throw new Refusal("Error", "EISDIR", `illegal operation on a directory, read '${path}'`);
    throw notFound("open", path);
  }

  has(path: string): boolean {
    return this.#contents.has(path) || this.#folders.has(path);
  }

  isFile(path: string): boolean {
    return this.#contents.has(path);
  }

  write(path: string, content: Uint8Array, options: WriteOptions = {}): void {
    if (this.#folders.has(path))
      throw new Refusal("Error", "EISDIR", `illegal operation on a directory, open '${path}'`);
    if (!this.#folders.has(parentOf(path))) throw notFound("open", path);
    const existing = this.#contents.get(path);
    if (existing && options.createNew) throw new Refusal("Error", "EEXIST", `file already exists, open '${path}'`);
    if (!existing && options.create === false) throw notFound("open", path);
    this.#put(path, existing && options.append ? concat(existing, content) : content.slice());
    this.#written.add(path);
  }

  stat(path: string): FileStat {
    const content = this.#contents.get(path);
    if (!content && !this.#folders.has(path)) throw notFound("stat", path);
    return { isFile: content !== undefined, isDirectory: content === undefined, size: content?.length ?? 0 };
  }

  /** Names directly in the folder, in order. */
  list(folder: string): { name: string; isFile: boolean; isDirectory: boolean }[] {
    if (this.#contents.has(folder)) throw new Refusal("Error", "ENOTDIR", `not a directory, scandir '${folder}'`);
    if (!this.#folders.has(folder)) throw notFound("scandir", folder);
    const inFolder = (path: string) => parentOf(path) === folder && path !== folder;
    const found = [...this.#contents.keys(), ...this.#folders].filter(inFolder).sort();
    return found.map((path) => {
      const isFile = this.#contents.has(path);
      return { name: path.slice(folder.length + 1), isFile, isDirectory: !isFile };
    });
  }

  makeFolder(path: string, recursive: boolean): void {
    if (this.#folders.has(path)) {
      if (recursive) return;
      throw new Refusal("Error", "EEXIST", `file already exists, mkdir '${path}'`);
    }
    if (this.#contents.has(path)) throw new Refusal("Error", "EEXIST", `file already exists, mkdir '${path}'`);
    if (!this.#folders.has(parentOf(path))) {
      if (!recursive) throw notFound("mkdir", path);
      this.makeFolder(parentOf(path), true);
    }
    this.#account(ENTRY_BYTES);
    this.#folders.add(path);
  }

  remove(path: string, recursive: boolean): void {
    if (this.#contents.has(path)) {
      this.#drop(path);
      return;
    }
    if (!this.#folders.has(path)) throw notFound("remove", path);
    if (ROOTS.includes(path)) throw new Refusal("Error", "EACCES", `permission denied, remove '${path}'`);
    const inside = (other: string) => other.startsWith(`${path}/`);
    const files = [...this.#contents.keys()].filter(inside);
    const folders = [...this.#folders].filter(inside);
    if (!recursive && files.length + folders.length > 0) {
      throw new Refusal("Error", "ENOTEMPTY", `directory not empty, remove '${path}'`);
    }
    for (const file of files) this.#drop(file);
    for (const folder of [...folders, path]) {
      this.#folders.delete(folder);
      this.#account(-ENTRY_BYTES);
    }
  }

  rename(from: string, to: string): void {
    this.write(to, this.read(from));
    if (from !== to) this.#drop(from);
  }

  #put(path: string, content: Uint8Array): void {
    const existing = this.#contents.get(path);
    this.#account(content.length - (existing ? existing.length : -ENTRY_BYTES));
    this.#contents.set(path, content);
  }

  #drop(path: string): void {
    this.#account(-(this.#contents.get(path)?.length ?? 0) - ENTRY_BYTES);
    this.#contents.delete(path);
  }

  #account(bytes: number): void {
    if (bytes > 0 && this.#usedBytes + bytes > this.#limitBytes) {
      throw new Refusal("Error", "FILE_LIMIT", "no space left");
    }
    this.#usedBytes += bytes;
  }
}

function notFound(operation: string, path: string): Refusal {
  return new Refusal("Error", "ENOENT", `no such file or directory, ${operation} '${path}'`);
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
