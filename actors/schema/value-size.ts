/** Largest single event or value, in characters of its JSON: with the rest of its row it stays below the platform's 2 MB in UTF-8. */
export const MAX_VALUE_CHARACTERS = 500_000;

/** About how many characters `value` takes as JSON text; stops counting above `limit`. Cheap where the value is small. */
export function sizeOf(value: unknown, limit = 4_000_000): number {
  switch (typeof value) {
    case "string":
      return value.length + 2;
    case "object":
      break;
    default:
      return 8;
  }
  if (value === null) return 4;
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value) {
      size += sizeOf(item, limit) + 1;
      if (size > limit) return size;
    }
    return size;
  }
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue;
    size += key.length + 4 + sizeOf(item, limit);
    if (size > limit) return size;
  }
  return size;
}

/** Most characters that JSON takes for one of ours: an escape. */
const MOST_PER_CHARACTER = 6;

/** How many characters `value` takes as JSON text: exact where that decides about `limit`, about where it is far from it. */
export function jsonSize(value: unknown, limit: number): number {
  const about = sizeOf(value);
  if (about * MOST_PER_CHARACTER <= limit || about > limit * 9) return about;
  return JSON.stringify(value)?.length ?? 0;
}
