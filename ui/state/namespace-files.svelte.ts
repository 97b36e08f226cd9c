import { untrack } from "svelte";
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { type FileAttributes, joined, nameOf, parentOf, parentsOf, textOf, treeRows } from "../model/file-tree.ts";
import { readAddress, writeAddress } from "./address.ts";
import { type ApiFailure, asFailure } from "./api.ts";
import { type FileRevision, filesApi } from "./files-api.ts";

export { joined, parentOf, pathProblem } from "../model/file-tree.ts";

/** Longest file that is opened in the editor, in bytes. */
const MAX_TEXT_BYTES = 1_000_000;

/** A file that is open: its text when it has one, and what was changed in it. */
export class OpenFile {
  readonly path: string;
  readonly size: number;
  readonly modifiedAt: number;
  /** Undefined for what is no text, or too long. */
  readonly saved: string | undefined;
  text = $state("");
  readonly dirty = $derived.by(() => this.saved !== undefined && this.text !== this.saved);

  constructor(path: string, { size, lastModifiedTime }: FileAttributes, text: string | undefined) {
    this.path = path;
    this.size = size;
    this.modifiedAt = lastModifiedTime;
    this.saved = text;
    this.text = text ?? "";
  }
}

/** The files of one namespace: the tree, and the file that the address names. */
export class NamespaceFilesState {
  readonly namespace: string;
  readonly folders = new SvelteMap<string, readonly FileAttributes[]>();
  readonly open = new SvelteSet<string>();
  readonly rows = $derived.by(() => treeRows(this.folders, this.open));
  readonly path = $derived(readAddress().find(([name]) => name === "file")?.[1] ?? "");
  failure = $state.raw<ApiFailure>();
  file = $state.raw<OpenFile>();
  fileFailure = $state.raw<ApiFailure>();
  revisions = $state.raw<readonly FileRevision[]>();
  saving = $state(false);
  /** How many files of an upload are through; undefined when there is none. */
  uploading = $state.raw<{ done: number; all: number }>();

  constructor(namespace: string) {
    this.namespace = namespace;
    void this.reload();
    $effect(() => {
      const { path } = this;
      untrack(() => void this.#show(path));
    });
  }

  /** Reads every folder that is shown again. */
  async reload(): Promise<void> {
    this.failure = undefined;
    await this.#read("");
    // Outer folders first: what is not in its parent any more is not asked for.
    for (const folder of [...this.open].sort()) {
      const isThere = this.folders.get(parentOf(folder))?.some(({ fileName }) => fileName === nameOf(folder));
      if (isThere) await this.#read(folder);
      else this.open.delete(folder);
    }
  }

  toggle(folder: string): void {
    if (this.open.delete(folder)) return;
    this.open.add(folder);
    void this.#read(folder);
  }

  select(path: string): void {
    writeAddress(path === "" ? [] : [["file", path]], { push: true });
  }

  async save(): Promise<void> {
    const { file } = this;
    if (!file || this.saving) return;
    this.saving = true;
    try {
      const { text } = file;
      await filesApi.write(this.namespace, file.path, new Blob([text]));
      const next = new OpenFile(file.path, { ...this.#facts(file), size: new Blob([text]).size }, text);
      // What was typed while it was being saved is not saved yet.
      next.text = file.text;
      if (this.file === file) this.file = next;
      this.revisions = undefined;
      await this.#read(parentOf(file.path));
    } finally {
      this.saving = false;
    }
  }

  async create(path: string): Promise<void> {
    await filesApi.write(this.namespace, path, new Blob([""]));
    await this.#reveal(path);
    this.select(path);
  }

  async createFolder(path: string): Promise<void> {
    await filesApi.makeFolder(this.namespace, path);
    await this.#reveal(`${path}/`);
  }

  async move(from: string, to: string): Promise<void> {
    await filesApi.move(this.namespace, from, to);
    await this.#reveal(to);
    await this.reload();
    if (this.path === from) this.select(to);
    else if (this.path.startsWith(`${from}/`)) this.select(to + this.path.slice(from.length));
  }

  async remove(path: string): Promise<void> {
    await filesApi.remove(this.namespace, path);
    this.open.delete(path);
    if (this.path === path || this.path.startsWith(`${path}/`)) this.select("");
    await this.reload();
  }

  /** Puts files below a folder, one after another; a zip is unpacked by the server. */
  async upload(files: readonly { path: string; file: File }[], folder: string): Promise<void> {
    this.uploading = { done: 0, all: files.length };
    try {
      for (const [index, { path, file }] of files.entries()) {
        await filesApi.write(this.namespace, joined(folder, path), file, file.name);
        this.uploading = { done: index + 1, all: files.length };
      }
      if (folder !== "") this.open.add(folder);
    } finally {
      this.uploading = undefined;
      await this.reload();
    }
  }

  async loadRevisions(): Promise<void> {
    const { path } = this;
    const revisions = await filesApi.revisions(this.namespace, path);
    if (path === this.path) this.revisions = revisions;
  }

  async textOfRevision(revision: number): Promise<string | undefined> {
    return textOf(await filesApi.read(this.namespace, this.path, revision), decode);
  }

  async restore(revision: number): Promise<void> {
    const bytes = await filesApi.read(this.namespace, this.path, revision);
    await filesApi.write(
      this.namespace,
      this.path,
      new Blob([bytes as BlobPart]),
      nameOf(this.path).replace(/\.zip$/i, ""),
    );
    await this.#show(this.path);
    await this.loadRevisions();
  }

  async #show(path: string): Promise<void> {
    this.revisions = undefined;
    this.fileFailure = undefined;
    if (this.file?.path !== path) this.file = undefined;
    if (path === "") return;
    try {
      const facts = await filesApi.stat(this.namespace, path);
      const isText = facts.type === "File" && facts.size <= MAX_TEXT_BYTES;
      const text = isText ? textOf(await filesApi.read(this.namespace, path), decode) : undefined;
      if (path === this.path) this.file = new OpenFile(path, facts, text);
      await this.#reveal(path);
    } catch (cause) {
      if (path === this.path) this.fileFailure = asFailure(cause);
    }
  }

  async #reveal(path: string): Promise<void> {
    for (const folder of parentsOf(path)) this.open.add(folder);
    for (const folder of ["", ...parentsOf(path)]) await this.#read(folder);
  }

  /** False when there is no such folder. */
  async #read(folder: string): Promise<boolean> {
    try {
      this.folders.set(folder, await filesApi.folder(this.namespace, folder));
      return true;
    } catch (cause) {
      const failure = asFailure(cause);
      this.folders.delete(folder);
      if (failure.kind === "missing") this.open.delete(folder);
      else this.failure = failure;
      return false;
    }
  }

  #facts(file: OpenFile): FileAttributes {
    return { fileName: nameOf(file.path), type: "File", size: file.size, lastModifiedTime: Date.now() };
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** What was dropped on the page or chosen in a dialog: files, and files in folders, with the paths they had there. */
export async function droppedFiles(transfer: DataTransfer): Promise<{ path: string; file: File }[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ path: file.name, file }));
  return (await Promise.all(entries.map((entry) => filesIn(entry, "")))).flat();
}

async function filesIn(entry: FileSystemEntry, folder: string): Promise<{ path: string; file: File }[]> {
  const path = joined(folder, entry.name);
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: { path: string; file: File }[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const one of some) found.push(...(await filesIn(one, path)));
  }
}
