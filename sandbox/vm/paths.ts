// Paths inside the sandbox. Absolute, with `/`, no `.` or `..`. Two folders exist: the working directory and `/tmp`.
import { Refusal } from "./failure.ts";

export const WORKING_DIRECTORY = "/workspace";
const SCRATCH_DIRECTORY = "/tmp";
const MAX_PATH_CHARS = 1_024;

/** The absolute form of `path`. Throws a Refusal for one that leaves both folders or has odd characters. */
export function resolvePath(path: string, from: string = WORKING_DIRECTORY): string {
  if (path.length > MAX_PATH_CHARS)
    throw new Refusal("Error", "ENAMETOOLONG", `the path is longer than ${MAX_PATH_CHARS}`);
  if (path === "") throw new Refusal("Error", "ENOENT", "the path is empty");
  if (hasOddCharacter(path)) {
    throw new Refusal("Error", "EINVAL", `the path ${JSON.stringify(path)} has a backslash or a control character`);
  }
  const segments: string[] = [];
  for (const segment of (path.startsWith("/") ? path : `${from}/${path}`).split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  const resolved = `/${segments.join("/")}`;
  if (!isInside(resolved, WORKING_DIRECTORY) && !isInside(resolved, SCRATCH_DIRECTORY)) {
    throw new Refusal(
      "Error",
      "EACCES",
      `permission denied, '${path}': a sandboxed script has ${WORKING_DIRECTORY} and ${SCRATCH_DIRECTORY} only`,
    );
  }
  return resolved;
}

/** `path` relative to the working directory; `undefined` for a scratch file. */
export function inWorkingDirectory(path: string): string | undefined {
  return path.startsWith(`${WORKING_DIRECTORY}/`) ? path.slice(WORKING_DIRECTORY.length + 1) : undefined;
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}

export const ROOTS: readonly string[] = [WORKING_DIRECTORY, SCRATCH_DIRECTORY];

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function hasOddCharacter(path: string): boolean {
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code < 0x20 || code === 0x7f || code === 0x5c) return true;
  }
  return false;
}
