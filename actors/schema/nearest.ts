/** Longer names are not compared: a suggestion is not worth the time. */
const MAX_LENGTH = 160;

/** How many insertions, removals, changes or swaps of neighbours turn `a` into `b`; above `limit` it may say `limit + 1`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      }
      row.push(cost);
      best = Math.min(best, cost);
    }
    if (best > limit) return limit + 1;
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** The candidate that differs from `name` in the fewest letters, at most about a third of them; case does not count. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length === 0 || name.length > MAX_LENGTH) return undefined;
  const wanted = name.toLowerCase();
  let found: string | undefined;
  let limit = Math.max(1, Math.round(wanted.length / 3));
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase(), limit);
    if (distance > limit || (found !== undefined && distance === limit)) continue;
    found = candidate;
    if (distance === 0) break;
    limit = distance;
  }
  return found;
}

function lastSegment(type: string): string {
  return type.slice(type.lastIndexOf(".") + 1);
}

/**
 * The type name meant by `name`: the one whose last segment is nearest (`core.Log` means `io.kestra.plugin.core.log.Log`), of
 * several the one with the nearest package.
 */
export function nearestType(name: string, candidates: readonly string[]): string | undefined {
  const segment = lastSegment(name);
  const near = nearest(
    segment,
    candidates.map((candidate) => lastSegment(candidate)),
  );
  if (near === undefined) return undefined;
  const sameSegment = candidates.filter((candidate) => lastSegment(candidate) === near);
  return nearest(name, sameSegment) ?? sharingMost(name, sameSegment);
}

/** The candidate that shares the most segments with `name`, the first of several. */
function sharingMost(name: string, candidates: readonly string[]): string | undefined {
  const segments = new Set(name.toLowerCase().split("."));
  const shared = (candidate: string) =>
    candidate
      .toLowerCase()
      .split(".")
      .filter((part) => segments.has(part)).length;
  let best: string | undefined;
  for (const candidate of candidates) {
    if (best === undefined || shared(candidate) > shared(best)) best = candidate;
  }
  return best;
}
