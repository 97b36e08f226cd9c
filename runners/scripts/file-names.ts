import { TaskFailure } from "#tasks/define.ts";

/** Names of files in a working directory: relative, with `/`, without `.` and `..` segments. The same rule as the server's. */
export function isSafeFileName(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (name === "" || name.length > 1_000 || name.includes("\\") || /[\u0000-\u001f\u007f]/.test(name)) return false;
  return name.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

export function requireSafeFileName(name: string): string {
  if (isSafeFileName(name)) return name;
  throw new TaskFailure(`Invalid file name (only a relative path is supported) for path '${name}'`);
}
