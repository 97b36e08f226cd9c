import type { EpochMs } from "#schema/json.ts";

/** The instant of an ISO text, or undefined when it is none. */
export function parseInstant(text: string | undefined): EpochMs | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

const ISO_DURATION =
  /^(-)?P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;

/** Milliseconds of `PT1.5S`, or undefined when the text is no such duration. */
export function parseIsoDurationMs(text: string | undefined): number | undefined {
  const match = text === undefined ? null : ISO_DURATION.exec(text);
  if (!match || match.slice(2).every((part) => part === undefined)) return undefined;
  const [days, hours, minutes, seconds] = match.slice(2).map((part) => Number(part ?? 0));
  const ms = (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60_000 + (seconds ?? 0) * 1000;
  return match[1] ? -ms : ms;
}
