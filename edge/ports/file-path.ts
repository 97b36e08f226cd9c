// The one type of a place in the internal storage, and the only way from a `kestra:///` URI to it.
//
// F1. A FilePath is a list of plain segments, tenant first: none empty, `.` or `..`, none with `/`, `\`, `:` at a drive's place or a control character.
// F2. A URI is decoded once. What is then not plain is refused, never cleaned.
// F3. The URI does not say the tenant: it is always the caller's own.

declare const brand: unique symbol;
/** Segments joined by `/`: the storage key. */
export type FilePath = string & { readonly [brand]: true };

export type ExecutionPlace = { tenant: string; namespace: string; flowId: string; executionId: string };

const SEGMENT_MAX_BYTES = 250;
const PATH_MAX_LENGTH = 1024;
const SCHEME = "kestra://";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN = /[/\\\u0000-\u001f\u007f]|^\.{1,2}$|^[a-zA-Z]:$/;

function isPlain(segment: string): boolean {
  return segment !== "" && !FORBIDDEN.test(segment) && new TextEncoder().encode(segment).length <= SEGMENT_MAX_BYTES;
}

/** The path of these segments, or undefined when one of them is not plain (F1). */
export function filePath(segments: readonly string[]): FilePath | undefined {
  if (segments.length < 2 || !segments.every(isPlain)) return undefined;
  const path = segments.join("/");
  return path.length <= PATH_MAX_LENGTH ? (path as FilePath) : undefined;
}

/** As `filePath` for segments of our own making; throws when they are not plain. */
function ownPath(segments: readonly string[]): FilePath {
  const path = filePath(segments);
  if (path === undefined) throw new Error("a storage path of our own is not plain");
  return path;
}

/** The path that a `kestra:///a/b` URI names for `tenant`, or undefined when it is no such URI. */
export function parseFileUri(tenant: string, uri: string): FilePath | undefined {
  if (!uri.startsWith(`${SCHEME}/`) || /[?#]/.test(uri)) return undefined;
  try {
    return filePath([
      tenant,
      ...uri
        .slice(SCHEME.length + 1)
        .split("/")
        .map(decodeURIComponent),
    ]);
  } catch {
    return undefined;
  }
}

export function fileUri(path: FilePath): string {
  const [, ...segments] = path.split("/");
  return `${SCHEME}/${segments.map(encodeURIComponent).join("/")}`;
}

export function fileName(path: FilePath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A file below `folder` (itself not included). */
export function isInside(folder: FilePath, path: FilePath): boolean {
  return path.startsWith(`${folder}/`);
}

/** `name`, which may have slashes, below `folder`; undefined when it is not plain. */
export function fileInFolder(folder: FilePath, name: string): FilePath | undefined {
  return filePath([...folder.split("/"), ...name.split("/")]);
}

/** All files of one execution. */
export function executionFolder({ tenant, namespace, flowId, executionId }: ExecutionPlace): FilePath {
  return ownPath([tenant, ...namespaceSegments(namespace), slug(flowId), "executions", slugSafe(executionId)]);
}

/** Where the file of an input is kept; undefined when its name is not plain. */
export function inputFile(place: ExecutionPlace, inputId: string, name: string): FilePath | undefined {
  return fileInFolder(executionFolder(place), `inputs/${inputId}/${name}`);
}

/** Where the files of one task run are kept. */
export function taskRunFolder(place: ExecutionPlace, taskId: string, taskRunId: string): FilePath {
  return ownPath([...executionFolder(place).split("/"), "tasks", slug(taskId), slugSafe(taskRunId)]);
}

/** Where outputs are kept that are too large for the event log. */
export function valuesFolder(place: ExecutionPlace): FilePath {
  return ownPath([...executionFolder(place).split("/"), "values"]);
}

export function namespaceFilesFolder(tenant: string, namespace: string): FilePath {
  return ownPath([tenant, ...namespaceSegments(namespace), "_files"]);
}

/** The id of the execution whose file this is, or undefined when it is another kind of file. */
export function executionOfFile(path: FilePath): string | undefined {
  const segments = path.split("/");
  const at = segments.indexOf("executions");
  return at > 1 ? segments[at + 1] : undefined;
}

function namespaceSegments(namespace: string): string[] {
  // `a..b` is a valid namespace: the empty part between two dots becomes `_`, which no namespace part starts with alone.
  return namespace.split(".").map((part) => (part === "" ? "_" : part));
}

/** As Kestra writes ids in URIs: lower case, everything but letters and digits a dash. */
function slug(id: string): string {
  return id.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

function slugSafe(id: string): string {
  return id.replaceAll(/[^\w-]/g, "_");
}
