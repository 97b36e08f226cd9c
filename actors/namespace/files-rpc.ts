import type { EpochMs } from "#schema/json.ts";

/** A file or a folder of a namespace. `path` is relative, without a slash at its ends. */
export type FileEntry = {
  path: string;
  kind: "file" | "folder";
  /** In bytes; 0 for folders. */
  size: number;
  createdAt: EpochMs;
  updatedAt: EpochMs;
  /** 1-based; 0 for folders. */
  revision: number;
};

/** One state of a file: its bytes are the stored content called `content`. */
export type FileRevision = { path: string; revision: number; size: number; createdAt: EpochMs; content: string };

export const CONFLICTS = ["OVERWRITE", "ERROR", "SKIP"] as const;
/** What becomes of a file that is there already. */
export type Conflict = (typeof CONFLICTS)[number];

export type FileToSave = { path: string; content: string; size: number };

/** Why nothing was changed. `blocked`: `path` is a file where a folder is needed, or the other way round. */
export type FileRefusal =
  | { kind: "absent" | "exists" | "blocked" | "inside"; path: string }
  | { kind: "full"; limit: number };

/** `unused`: contents that no revision names any more, or never did; they are the caller's to delete. */
export type FilesChanged = { kind: "done"; files: FileEntry[]; unused: string[] };

/** The index of a namespace's files: what they are called and which stored contents they are. */
export interface FileIndexRpc {
  findFile(path: string): Promise<FileEntry | undefined>;
  /** What lies in a folder, by name; the root is the empty path. Undefined when there is no such folder. */
  listFolder(path: string): Promise<FileEntry[] | undefined>;
  /** A revision of a file, the last one when none is named. */
  fileContent(path: string, revision?: number): Promise<FileRevision | undefined>;
  /** Every file, by path. */
  listFiles(): Promise<FileRevision[]>;
  /** Revisions of a file, oldest first; of all files without a path. */
  fileRevisions(path?: string): Promise<FileRevision[]>;
  /** All of them or none. */
  saveFiles(files: readonly FileToSave[], conflict: Conflict): Promise<FilesChanged | FileRefusal>;
  makeFolder(path: string): Promise<FilesChanged | FileRefusal>;
  moveFile(from: string, to: string): Promise<FilesChanged | FileRefusal>;
  /** Files, or folders with all that is in them; `files` are those that were there. Folders that are left empty go too, or stay. */
  removeFiles(paths: readonly string[], keepFolders?: boolean): Promise<FilesChanged>;
  /** Earlier revisions; a file's last one stays. */
  dropRevisions(revisions: readonly { path: string; revision: number }[]): Promise<FilesChanged>;
  /** Those of the contents that a revision names. */
  knownContents(contents: readonly string[]): Promise<string[]>;
  /** How far the search for files that belong to nobody has come (`edge/sweep-files.ts`). */
  sweptTo(): Promise<string>;
  setSweptTo(path: string): Promise<void>;
}
