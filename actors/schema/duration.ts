// ISO-8601 durations (`PT1H30M`, `P1DT0.5S`) as milliseconds. Years are 365 days and months 30, as no date is at hand.

const PATTERN =
  /^([+-])?P(?:([+-]?\d+)Y)?(?:([+-]?\d+)M)?(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(?:T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+(?:[.,]\d{1,9})?)S)?)?$/i;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const UNITS = [365 * DAY, 30 * DAY, 7 * DAY, DAY, HOUR, MINUTE, SECOND] as const;

/** The duration in ms, or undefined when `text` is none. */
export function parseDuration(text: string): number | undefined {
  const match = PATTERN.exec(text.trim());
  if (match === null || /[PT]$/i.test(text.trim())) return undefined;
  let total = 0;
  for (const [index, unit] of UNITS.entries()) total += Number((match[index + 2] ?? "0").replace(",", ".")) * unit;
  return Math.round(match[1] === "-" ? -total : total);
}

/** `ms` as Java prints a Duration: hours, minutes, seconds; `PT0S` for none. */
export function formatDuration(ms: number): string {
  if (ms === 0) return "PT0S";
  const sign = ms < 0 ? "-" : "";
  const abs = Math.abs(Math.round(ms));
  const hours = Math.floor(abs / HOUR);
  const minutes = Math.floor((abs % HOUR) / MINUTE);
  const seconds = (abs % MINUTE) / SECOND;
  return `PT${hours ? `${sign}${hours}H` : ""}${minutes ? `${sign}${minutes}M` : ""}${seconds ? `${sign}${seconds}S` : ""}`;
}

/** `ms` as `00:00:01.234`. */
export function formatElapsed(ms: number): string {
  const pad = (value: number, width: number) => String(value).padStart(width, "0");
  const abs = Math.max(0, Math.round(ms));
  return `${pad(Math.floor(abs / HOUR), 2)}:${pad(Math.floor((abs % HOUR) / MINUTE), 2)}:${pad(Math.floor((abs % MINUTE) / SECOND), 2)}.${pad(abs % SECOND, 3)}`;
}
