import { access, constants, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Language } from "./languages.ts";

/** Where `program` is on `path`, or undefined. */
export async function findProgram(program: string, path: string): Promise<string | undefined> {
  for (const dir of path.split(delimiter)) {
    const file = join(dir, program);
    if (dir !== "" && (await isExecutable(file))) return file;
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Makes `language.program` available under that name in `binDir` where it is installed under another one only; Node is always
 * there, since the agent runs on it. False: it is not installed.
 */
export async function provideProgram(language: Language, path: string, binDir: string): Promise<boolean> {
  if (await findProgram(language.program, path)) return true;
  const own = language.program === "node" ? process.execPath : undefined;
  for (const other of language.otherwise ?? []) {
    const found = await findProgram(other, path);
    if (found) {
      await symlink(found, join(binDir, language.program));
      return true;
    }
  }
  if (own) await symlink(own, join(binDir, language.program));
  return own !== undefined;
}
