import { illegalArgument } from "./http-error.ts";
import { fileInFolder, namespaceFilesFolder } from "./ports/file-path.ts";

// Paths of namespace files, as requests and tasks name them.

const SHOWN = 200;

/** `path` without a slash at its ends, as the namespace's index has it; undefined when it is not plain. The root is the empty path. */
export function plainNamespacePath(tenant: string, namespace: string, path: string): string | undefined {
  const plain = path.replace(/^\//, "").replace(/\/$/, "");
  if (plain === "") return "";
  return fileInFolder(namespaceFilesFolder(tenant, namespace), plain) === undefined ? undefined : plain;
}

/** As `plainNamespacePath`; throws 422 for one that is not plain. */
export function namespacePath(tenant: string, namespace: string, path: string): string {
  const plain = plainNamespacePath(tenant, namespace, path);
  if (plain !== undefined) return plain;
  throw illegalArgument(
    `'${path.slice(0, SHOWN)}' is no path of a file: names between slashes, none of them empty, '.' or '..', each of 250 bytes at most and 1,000 characters in all, without back-slashes and control characters`,
  );
}
