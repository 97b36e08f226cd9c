import { nearest as nearestName } from "#schema/nearest.ts";

/** How many names are looked through; beyond, a suggestion is not worth its time. */
const MAX_NAMES = 500;
const MAX_LENGTH = 60;

/** ` Did you mean \`name\`?`, or nothing when no name is near. */
export function nearest(wanted: string, names: Iterable<string>): string {
  const name = wanted.length > MAX_LENGTH ? undefined : nearestName(wanted, first(names));
  return name === undefined ? "" : ` Did you mean \`${name}\`?`;
}

function* first(names: Iterable<string>): Iterable<string> {
  let seen = 0;
  for (const name of names) {
    if (++seen > MAX_NAMES) return;
    yield name;
  }
}
