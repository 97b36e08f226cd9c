import type { EpochMs } from "./json.ts";

const DURATION =
  /^([+-]?)P(?:([+-]?\d+)W)?(?:([+-]?\d+)D)?(T(?=[+-]?\d)(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+)(?:[.,](\d{1,9}))?S)?)?$/i;

/** An ISO-8601 duration of weeks, days, hours, minutes and seconds in ms; undefined when `text` is none. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 100) return undefined;
  const match = DURATION.exec(text.trim());
  if (match === null || /^[+-]?P$/i.test(text.trim())) return undefined;
  const [, sign, weeks, days, , hours, minutes, seconds, fraction] = match;
  const part = (digits: string | undefined, unitMs: number) => (digits === undefined ? 0 : Number(digits) * unitMs);
  const fractionMs = fraction === undefined ? 0 : Math.trunc(Number(`0.${fraction}`) * 1000);
  const total =
    part(weeks, 604_800_000) +
    part(days, 86_400_000) +
    part(hours, 3_600_000) +
    part(minutes, 60_000) +
    part(seconds, 1000) +
    (seconds?.startsWith("-") ? -fractionMs : fractionMs);
  if (!Number.isSafeInteger(total)) return undefined;
  return sign === "-" ? -total : total;
}

/** `ms` as ISO-8601 text in hours, minutes and seconds: `PT1H30M`, `PT0.5S`, `PT0S`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1000;
  const parts = [
    hours > 0 ? `${hours}H` : "",
    minutes > 0 ? `${minutes}M` : "",
    seconds > 0 ? `${Number(seconds.toFixed(3))}S` : "",
  ];
  return `PT${parts.join("") || "0S"}`;
}

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)(?:\[[\w/+-]{1,60}\])?$/i;

/** An ISO-8601 date-time with `Z` or an offset in ms since 1970 (a zone name in brackets is ignored); undefined when it is none. */
export function parseInstant(text: string): EpochMs | undefined {
  const match = INSTANT.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = "00", fraction = "0", offset = "Z"] = match;
  const date = parseDate(`${year}-${month}-${day}`);
  const time = parseTime(`${hour}:${minute}:${second}`);
  if (date === undefined || time === undefined) return undefined;
  return date + time + Math.trunc(Number(`0.${fraction}`) * 1000) - offsetMs(offset);
}

function offsetMs(offset: string): number {
  if (offset.toUpperCase() === "Z") return 0;
  const digits = offset.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (offset.startsWith("-") ? -minutes : minutes) * 60_000;
}

/** `2042-12-03` in ms since 1970, at midnight UTC; undefined when there is no such day. */
export function parseDate(text: string): EpochMs | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? undefined : at;
}

/** `10:15:30` or `10:15` in ms since midnight; undefined when there is no such time. */
export function parseTime(text: string): number | undefined {
  const match = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?$/.exec(text);
  if (match === null) return undefined;
  const [, hour, minute, second = "0", fraction = "0"] = match;
  const fractionMs = Math.trunc(Number(`0.${fraction}`) * 1000);
  return Number(hour) * 3_600_000 + Number(minute) * 60_000 + Number(second) * 1000 + fractionMs;
}

/** `at` as ISO-8601 in UTC, without a fraction that is zero: `2042-04-02T04:20:42Z`. */
export function formatInstant(at: EpochMs): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}
