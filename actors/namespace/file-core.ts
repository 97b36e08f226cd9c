import type { EpochMs } from "#schema/json.ts";
import type { Row, Sql } from "#shell/sql.ts";
import type { Conflict, FileEntry, FileRefusal, FileRevision, FilesChanged, FileToSave } from "./files-rpc.ts";

// The files of one namespace: names, folders and revisions. Their bytes are in the internal storage, each content under an id of its own.
//
// F1. A path is a file or a folder, never both, and every parent of one is a folder.
// F2. A revision names one content for ever; no content has two revisions.
// F3. A call changes all that it says, or nothing. It is on disk before anyone hears of it.
// F4. A content is stored before a revision names it, and deleted after none does: what is in the storage without a revision belongs to nobody.

export const MAX_FILES = 10_000;

export class FileCore {
  readonly #sql: Sql;
  readonly #now: () => EpochMs;

  constructor(sql: Sql, now: () => EpochMs) {
    this.#sql = sql;
    this.#now = now;
    sql.exec(
      `CREATE TABLE IF NOT EXISTS file (
        path TEXT PRIMARY KEY, kind TEXT NOT NULL, size INTEGER NOT NULL, revision INTEGER NOT NULL,
        created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
      ) WITHOUT ROWID`,
    );
    sql.exec(
      `CREATE TABLE IF NOT EXISTS file_revision (
        path TEXT NOT NULL, revision INTEGER NOT NULL, size INTEGER NOT NULL, created_at INTEGER NOT NULL,
        content TEXT NOT NULL UNIQUE, PRIMARY KEY (path, revision)
      ) WITHOUT ROWID`,
    );
    sql.exec("CREATE TABLE IF NOT EXISTS file_note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  }

  find(path: string): FileEntry | undefined {
    const [row] = this.#sql.exec("SELECT * FROM file WHERE path = ?", path);
    return row && entryOf(row);
  }

  list(folder: string): FileEntry[] | undefined {
    if (folder !== "" && this.find(folder)?.kind !== "folder") return undefined;
    const [from, to] = below(folder);
    const rows = this.#sql.exec(
      "SELECT * FROM file WHERE path >= ? AND path < ? AND instr(substr(path, length(?) + 1), '/') = 0 ORDER BY path",
      from,
      to,
      from,
    );
    return Array.from(rows, entryOf);
  }

  content(path: string, revision?: number): FileRevision | undefined {
    const [row] = this.#sql.exec(
      "SELECT * FROM file_revision WHERE path = ? AND revision = coalesce(?, (SELECT revision FROM file WHERE path = ?))",
      path,
      revision ?? null,
      path,
    );
    return row && revisionOf(row);
  }

  files(): FileRevision[] {
    const rows = this.#sql.exec(
      "SELECT r.* FROM file f JOIN file_revision r ON r.path = f.path AND r.revision = f.revision ORDER BY f.path",
    );
    return Array.from(rows, revisionOf);
  }

  revisions(path?: string): FileRevision[] {
    const rows =
      path === undefined
        ? this.#sql.exec("SELECT * FROM file_revision ORDER BY path, revision")
        : this.#sql.exec("SELECT * FROM file_revision WHERE path = ? ORDER BY revision", path);
    return Array.from(rows, revisionOf);
  }

  save(files: readonly FileToSave[], conflict: Conflict): FilesChanged | FileRefusal {
    const skipped: string[] = [];
    const wanted: FileToSave[] = [];
    let fresh = 0;
    for (const file of files) {
      const there = this.find(file.path);
      const blocked = there?.kind === "folder" ? file.path : this.#fileAbove(file.path);
      if (blocked !== undefined) return { kind: "blocked", path: blocked };
      if (there !== undefined && conflict === "ERROR") return { kind: "exists", path: file.path };
      if (there !== undefined && conflict === "SKIP") skipped.push(file.content);
      else wanted.push(file);
      if (there === undefined) fresh += 1;
    }
    const within = blockedWithin(wanted);
    if (within !== undefined) return { kind: "blocked", path: within };
    if (this.#count() + fresh > MAX_FILES) return { kind: "full", limit: MAX_FILES };
    return this.#sql.transaction(() => ({
      kind: "done",
      files: wanted.map((file) => this.#saveOne(file)),
      unused: skipped,
    }));
  }

  makeFolder(path: string): FilesChanged | FileRefusal {
    const there = this.find(path);
    if (there !== undefined) return { kind: there.kind === "folder" ? "exists" : "blocked", path };
    const blocked = this.#fileAbove(path);
    if (blocked !== undefined) return { kind: "blocked", path: blocked };
    if (this.#count() >= MAX_FILES) return { kind: "full", limit: MAX_FILES };
    this.#makeFolders(path);
    this.#insertFolder(path);
    return done(this.find(path));
  }

  move(from: string, to: string): FilesChanged | FileRefusal {
    const there = this.find(from);
    if (there === undefined) return { kind: "absent", path: from };
    if (to === from) return done(there);
    if (to.startsWith(`${from}/`)) return { kind: "inside", path: to };
    if (this.find(to) !== undefined) return { kind: "exists", path: to };
    const blocked = this.#fileAbove(to);
    if (blocked !== undefined) return { kind: "blocked", path: blocked };
    this.#sql.transaction(() => this.#moveRows(from, to));
    return done(this.find(to));
  }

  #moveRows(from: string, to: string): void {
    this.#makeFolders(to);
    const [first, end] = below(from);
    for (const table of ["file", "file_revision"]) {
      this.#sql.exec(
        `UPDATE ${table} SET path = ? || substr(path, length(?) + 1) WHERE path = ? OR (path >= ? AND path < ?)`,
        to,
        from,
        from,
        first,
        end,
      );
    }
    this.#dropEmptyAbove(from);
  }

  remove(paths: readonly string[], keepFolders = false): FilesChanged {
    const files: FileEntry[] = [];
    const unused: string[] = [];
    for (const path of paths) {
      const [first, end] = below(path);
      const where = "path = ? OR (path >= ? AND path < ?)";
      for (const row of this.#sql.exec(`DELETE FROM file_revision WHERE ${where} RETURNING content`, path, first, end))
        unused.push(String(row.content));
      for (const row of this.#sql.exec(`DELETE FROM file WHERE ${where} RETURNING *`, path, first, end))
        if (row.kind === "file") files.push(entryOf(row));
      if (!keepFolders) this.#dropEmptyAbove(path);
    }
    return { kind: "done", files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), unused };
  }

  dropRevisions(revisions: readonly { path: string; revision: number }[]): FilesChanged {
    const unused: string[] = [];
    for (const { path, revision } of revisions) {
      const rows = this.#sql.exec(
        `DELETE FROM file_revision WHERE path = ? AND revision = ?
          AND revision < (SELECT revision FROM file WHERE path = ?) RETURNING content`,
        path,
        revision,
        path,
      );
      for (const row of rows) unused.push(String(row.content));
    }
    return { kind: "done", files: [], unused };
  }

  known(contents: readonly string[]): string[] {
    return contents.filter(
      (content) => [...this.#sql.exec("SELECT 1 FROM file_revision WHERE content = ?", content)].length > 0,
    );
  }

  note(name: string): string {
    const [row] = this.#sql.exec("SELECT value FROM file_note WHERE name = ?", name);
    return row === undefined ? "" : String(row.value);
  }

  setNote(name: string, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO file_note (name, value) VALUES (?, ?)", name, value);
  }

  #count(): number {
    const [row] = this.#sql.exec("SELECT COUNT(*) AS n FROM file");
    return Number(row?.n ?? 0);
  }

  #saveOne({ path, content, size }: FileToSave): FileEntry {
    const now = this.#now();
    this.#makeFolders(path);
    const there = this.find(path);
    const revision = (there?.revision ?? 0) + 1;
    const createdAt = there?.createdAt ?? now;
    this.#sql.exec("INSERT INTO file_revision VALUES (?, ?, ?, ?, ?)", path, revision, size, now, content);
    this.#sql.exec("INSERT OR REPLACE INTO file VALUES (?, 'file', ?, ?, ?, ?)", path, size, revision, createdAt, now);
    return { path, kind: "file", size, createdAt, updatedAt: now, revision };
  }

  /** The nearest parent that is a file, and so cannot hold one. */
  #fileAbove(path: string): string | undefined {
    return parentsOf(path).find((parent) => this.find(parent)?.kind === "file");
  }

  #makeFolders(path: string): void {
    for (const parent of parentsOf(path)) if (this.find(parent) === undefined) this.#insertFolder(parent);
  }

  #insertFolder(path: string): void {
    const now = this.#now();
    this.#sql.exec("INSERT INTO file VALUES (?, 'folder', 0, 0, ?, ?)", path, now, now);
  }

  #dropEmptyAbove(path: string): void {
    for (const parent of parentsOf(path)) {
      if (this.list(parent)?.length !== 0) return;
      this.#sql.exec("DELETE FROM file WHERE path = ?", parent);
    }
  }
}

/** Every path in the folder is from `from` (included) to `to`: `0` is the character after the slash. */
function below(folder: string): [from: string, to: string] {
  return folder === "" ? ["", "\u{10ffff}"] : [`${folder}/`, `${folder}0`];
}

/** Nearest first. */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) parents.push(path.slice(0, at));
  return parents;
}

/** A path that is given twice, or both as a file and as a folder of another. */
function blockedWithin(files: readonly FileToSave[]): string | undefined {
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path)) return path;
    paths.add(path);
  }
  return files.flatMap(({ path }) => parentsOf(path)).find((parent) => paths.has(parent));
}

function done(entry: FileEntry | undefined): FilesChanged {
  return { kind: "done", files: entry === undefined ? [] : [entry], unused: [] };
}

function entryOf(row: Row): FileEntry {
  return {
    path: String(row.path),
    kind: row.kind === "folder" ? "folder" : "file",
    size: Number(row.size),
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    revision: Number(row.revision),
  };
}

function revisionOf(row: Row): FileRevision {
  return {
    path: String(row.path),
    revision: Number(row.revision),
    size: Number(row.size),
    createdAt: Number(row.created_at),
    content: String(row.content),
  };
}
