// The tree of a namespace's files as rows, from the folders that were read so far.

/** What the server says of a file or folder. */
export type FileAttributes = { fileName: string; type: "File" | "Directory"; size: number; lastModifiedTime: number };

export type TreeRow = {
  path: string;
  name: string;
  /** 0 at the root. */
  depth: number;
  kind: "file" | "folder";
  open: boolean;
  /** It is open, and what it holds has not been read yet. */
  waiting: boolean;
  size: number;
};

/** Rows from above to below: folders first, then files, each by name. The root is the empty path. */
export function treeRows(
  folders: ReadonlyMap<string, readonly FileAttributes[]>,
  open: ReadonlySet<string>,
  folder = "",
  depth = 0,
): TreeRow[] {
  const entries = [...(folders.get(folder) ?? [])].sort(byKindAndName);
  return entries.flatMap(({ fileName: name, type, size }): TreeRow[] => {
    const path = joined(folder, name);
    if (type === "File") return [{ path, name, depth, kind: "file", open: false, waiting: false, size }];
    const isOpen = open.has(path);
    const row: TreeRow = {
      path,
      name,
      depth,
      kind: "folder",
      open: isOpen,
      waiting: isOpen && !folders.has(path),
      size,
    };
    return isOpen ? [row, ...treeRows(folders, open, path, depth + 1)] : [row];
  });
}

function byKindAndName(a: FileAttributes, b: FileAttributes): number {
  if (a.type !== b.type) return a.type === "Directory" ? -1 : 1;
  return a.fileName.localeCompare(b.fileName, undefined, { numeric: true, sensitivity: "base" });
}

export function joined(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** The folder that a path lies in. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Every folder that a path lies in, the outermost first; without the root. */
export function parentsOf(path: string): string[] {
  const segments = path.split("/").slice(0, -1);
  return segments.map((_, index) => segments.slice(0, index + 1).join("/"));
}

/** What is wrong with a path that somebody typed; undefined when nothing is. */
export function pathProblem(path: string): string | undefined {
  const plain = path.replace(/^\//, "");
  if (plain === "") return "Give it a name.";
  const segments = plain.split("/");
  if (segments.some((segment) => segment.trim() === "")) return "A name between two slashes is missing.";
  if (segments.some((segment) => segment === "." || segment === "..")) return "`.` and `..` are no names here.";
  if (/[\\]/.test(plain)) return "A name has no back-slash.";
  if (segments[0] === "_flows") return "`_flows` stands for the flows of the namespace: save a flow instead.";
  return undefined;
}

/** The text of a file; undefined when it is none that an editor could show. */
export function textOf(bytes: Uint8Array, decode: (bytes: Uint8Array) => string): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
