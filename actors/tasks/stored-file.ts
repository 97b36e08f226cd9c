import type { EdgeContext } from "./define.ts";
import { TaskFailure } from "./define.ts";

/** The URI, trimmed; throws a TaskFailure that names `property` when it is none of the internal storage. */
export function storedUri(uri: string, property: string): string {
  const trimmed = uri.trim();
  if (trimmed.startsWith("kestra:///")) return trimmed;
  throw new TaskFailure(
    `\`${property}\` must be the URI of a file in the internal storage, such as \`{{ outputs.download.uri }}\`, but is '${trimmed.slice(0, 200)}'.`,
  );
}

/** Bytes of a file; throws a TaskFailure when it is not there. */
export async function sizeOf(uri: string, ctx: Pick<EdgeContext, "files">): Promise<number> {
  const size = await ctx.files.size(uri);
  if (size === undefined) throw new TaskFailure(`There is no file ${uri}.`);
  return size;
}

/** The ending of a file's name, with its dot; `fallback` when it has none. */
export function endingOf(uri: string, fallback: string): string {
  return /\.[A-Za-z0-9]{1,10}$/.exec(uri)?.[0] ?? fallback;
}

/** Throws when the task was stopped meanwhile: for loops that would not hear of it otherwise. */
export function checkStopped({ signal }: Pick<EdgeContext, "signal">): void {
  if (signal.aborted) throw new TaskFailure("The task was stopped.");
}
