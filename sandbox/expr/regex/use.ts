import type { Call } from "../entry.ts";
export function replaceAll(text: string, pattern: string, by: string, _call: Call): string {
  return text.replace(new RegExp(pattern, "gu"), by);
}
export function splitBy(text: string, pattern: string, limit: number, _call: Call): string[] {
  const parts = text.split(new RegExp(pattern, "u"));
  if (limit > 0 && parts.length > limit) return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(pattern)];
  while (limit === 0 && parts.at(-1) === "") parts.pop();
  return parts;
}
