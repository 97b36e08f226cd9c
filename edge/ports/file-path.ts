// The one type of a place in the internal storage, and the only way from a `kestra:///` URI to it.
//
// F1. A FilePath is a list of plain segments, tenant first: none empty, `.` or `..`, none with `/`, `\`, `:` at a drive's place or a control character.
// F2. A URI is decoded once. What is then not plain is refused, never cleaned.
// F3. The URI does not say the tenant: it is always the caller's own.
// F4. Whose a file is can be read from its path alone: the first segment that is `executions` (before an execution's id) or begins with `_`
//     and a letter decides. No namespace and no flow makes such a segment.

declare const brand: unique symbol;
/** Segments joined by `/`: the storage key. */
export type FilePath = string & { readonly [brand]: true };

export type ExecutionPlace = { tenant: string; namespace: string; flowId: string; executionId: string };

const SEGMENT_MAX_BYTES = 250;
const PATH_MAX_LENGTH = 1024;
const SCHEME = "kestra://";
const EXECUTIONS = "executions";
const NAMESPACE_FILES = "_files";
const CONTENTS = "_contents";
const CACHE = "cache";
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
  return ownPath([tenant, ...namespaceSegments(namespace), slug(flowId), EXECUTIONS, slugSafe(executionId)]);
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
  return ownPath([tenant, ...namespaceSegments(namespace), NAMESPACE_FILES]);
}

/** Where the storage keeps contents of namespace files; what they are called is written in the namespace's index. */
export function contentsFolder(tenant: string, namespace: string): FilePath {
  return ownPath([tenant, ...namespaceSegments(namespace), CONTENTS]);
}

export function contentFile(tenant: string, namespace: string, id: string): FilePath {
  return ownPath([tenant, ...namespaceSegments(namespace), CONTENTS, slugSafe(id)]);
}

/** What a WorkingDirectory keeps for the executions after this one; `value`: of the loop's turn that it stands in. */
export function cacheFolder(place: ExecutionPlace, taskId: string, value: string | undefined): FilePath {
  const { tenant, namespace, flowId } = place;
  const turn = value === undefined ? [] : [slugSafe(value).slice(0, 100)];
  return ownPath([tenant, ...namespaceSegments(namespace), slug(flowId), slug(taskId), ...turn, CACHE]);
}

export type FileOwner =
  | { kind: "execution"; namespace: string; executionId: string }
  | { kind: "namespace-file"; namespace: string; name: string }
  | { kind: "content"; namespace: string; id: string }
  | { kind: "other" };

/** Whose file this is (F4). */
export function ownerOfFile(path: FilePath): FileOwner {
  const segments = path.split("/");
  const namespaceUpTo = (end: number) => segments.slice(1, end).map(namespacePart).join(".");
  for (let at = 2; at < segments.length; at++) {
    const rest = segments.slice(at + 1);
    const [next = ""] = rest;
    if (segments[at] === NAMESPACE_FILES)
      return { kind: "namespace-file", namespace: namespaceUpTo(at), name: rest.join("/") };
    if (segments[at] === CONTENTS) return { kind: "content", namespace: namespaceUpTo(at), id: next };
    // A flow may be called `executions`: then the marker is the next one.
    if (segments[at] === EXECUTIONS && at > 2 && next !== EXECUTIONS)
      return { kind: "execution", namespace: namespaceUpTo(at - 1), executionId: next };
  }
  return { kind: "other" };
}

/** The id of the execution whose file this is, or undefined when it is another kind of file. */
export function executionOfFile(path: FilePath): string | undefined {
  const owner = ownerOfFile(path);
  return owner.kind === "execution" ? owner.executionId : undefined;
}

/** A part that could be taken for one of our own segments gets `_` before it, and so does the empty part of `a..b`. */
function namespaceSegments(namespace: string): string[] {
  return namespace
    .split(".")
    .map((part) => (part === "" || part.startsWith("_") || part === EXECUTIONS ? `_${part}` : part));
}

function namespacePart(segment: string): string {
  return segment.startsWith("_") ? segment.slice(1) : segment;
}

function slug(id: string): string {
  return id.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
}

function slugSafe(id: string): string {
  return id.replaceAll(/[^\w-]/g, "_");
}
