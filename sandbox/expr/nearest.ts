import { nearest as nearestName } from "#schema/nearest.ts";
import type { Called } from "./entry.ts";

/** How many names are looked through; beyond, a suggestion is not worth its time. */
const MAX_NAMES = 500;
const MAX_LENGTH = 60;

/** ` Did you mean \`name\`?`, or nothing when no name is near. */
export function nearest(wanted: string, names: Iterable<string>): string {
  const name = wanted.length > MAX_LENGTH ? undefined : nearestName(wanted, first(names));
  return name === undefined ? "" : ` Did you mean \`${name}\`?`;
}

const KINDS = { filter: "Filter", call: "Function or Macro", macro: "Function or Macro", test: "Test" } as const;

/** What is said of a filter, function or test that nobody knows. */
export function unknownName(kind: Called["kind"], name: string, names: Iterable<string>): string {
  return `${KINDS[kind]} [${name}] does not exist.${nearest(name, names)}`;
}

function* first(names: Iterable<string>): Iterable<string> {
  let seen = 0;
  for (const name of names) {
    if (++seen > MAX_NAMES) return;
    yield name;
  }
}
