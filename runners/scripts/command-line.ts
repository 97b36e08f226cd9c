import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Linux takes at most 128 KiB as one argument. */
const MAX_ARGUMENT_BYTES = 120_000;
const DEFAULT_INTERPRETER = ["/bin/sh", "-c"];

export type CommandLine = {
  interpreter: readonly string[] | undefined;
  failFast: boolean;
  lines: readonly string[];
};

/**
 * The words to run: the interpreter's, then all lines as one argument, as Kestra does. What is too long for an argument goes to
 * a file in `tempDir`, which a shell reads into itself.
 */
export async function commandLine(
  { interpreter, failFast, lines }: CommandLine,
  tempDir: string,
): Promise<[string, ...string[]]> {
  const [program, ...args] = interpreter && interpreter.length > 0 ? interpreter : DEFAULT_INTERPRETER;
  if (program === undefined) throw new Error("an interpreter has a first word");
  const text = [...(failFast ? ["set -e"] : []), ...lines].join("\n");
  if (Buffer.byteLength(text) <= MAX_ARGUMENT_BYTES) return [program, ...args, text];
  const file = join(tempDir, "commands");
  await writeFile(file, text);
  return [program, ...args, `. '${file}'`];
}
