import type { EpochMs } from "./json.ts";

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

let lastSecond = Number.NaN;
let lastPrefix = "";

/** `at`, in whole ms, as ISO-8601 in UTC with three digits of fraction. Neighbours mostly share their second, whose text is kept. */
export function isoInstant(at: EpochMs): string {
  const second = Math.floor(at / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastPrefix = new Date(second * 1000).toISOString().slice(0, -4);
  }
  return `${lastPrefix}${String(Math.trunc(at - second * 1000)).padStart(3, "0")}Z`;
}
