import { TaskFailure } from "./define.ts";
import type { Splitting } from "./split-lines.ts";

/** How a file is to be split; bytes win over partitions, partitions over rows. */
export type SplitProps = {
  bytes?: string | undefined;
  partitions?: number | undefined;
  rows?: number | undefined;
  separator: string;
};

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

/** What the properties say; undefined when they say nothing. `property`: the name of `bytes` in messages. */
export function splittingOf(
  { bytes, partitions, rows, separator }: SplitProps,
  property: string,
): Splitting | undefined {
  if (bytes === undefined) {
    if (partitions !== undefined) return { partitions, separator };
    return rows === undefined ? undefined : { rows, separator };
  }
  const [, number, unit = ""] = /^\s*(\d+)\s*(?:([KMG])i?)?B?\s*$/i.exec(bytes) ?? [];
  const size = Number(number) * (UNITS[unit.toUpperCase()] ?? 1);
  if (!(size > 0)) throw new TaskFailure(`\`${property}\` must be a size such as 10MB, but is \`${bytes}\`.`);
  return { bytes: size, separator };
}
