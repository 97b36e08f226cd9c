import { goto } from "$app/navigation";
import { page } from "$app/state";

// The page's address as its state: what is narrowed, sorted and open can be linked and is there again on "back".

/** All parameters in order. */
export function readAddress(): readonly (readonly [string, string])[] {
  return [...page.url.searchParams.entries()];
}

/** Replaces all parameters; typing makes no history. */
export function writeAddress(pairs: readonly (readonly [string, string])[], { push = false } = {}): void {
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString();
  void goto(`${page.url.pathname}${search ? `?${search}` : ""}`, {
    replaceState: !push,
    keepFocus: true,
    noScroll: true,
  });
}

/** A local date and time (`2026-05-01T10:00`) as an ISO instant, or undefined when it is none. */
export function localToInstant(local: string): string | undefined {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** An ISO instant as what a date-and-time field shows. */
export function instantToLocal(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
