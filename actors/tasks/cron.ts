import { Cron } from "croner";
import type { EpochMs } from "#schema/json.ts";

// Cron as Kestra reads it, with the time as an argument. Wraps croner; a dialect of ours decides what is accepted:
// five fields (six with seconds first), `*`, lists, ranges, steps, names, nicknames; no L, W, # or ?. When both the day of the
// month and the day of the week are restricted, either matches.

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

type Field = { name: string; from: number; to: number; names: readonly string[]; firstName: number };
const FIELDS: readonly Field[] = [
  { name: "second", from: 0, to: 59, names: [], firstName: 0 },
  { name: "minute", from: 0, to: 59, names: [], firstName: 0 },
  { name: "hour", from: 0, to: 23, names: [], firstName: 0 },
  { name: "day of month", from: 1, to: 31, names: [], firstName: 0 },
  { name: "month", from: 1, to: 12, names: MONTHS, firstName: 1 },
  { name: "day of week", from: 0, to: 7, names: DAYS, firstName: 0 },
];

export type CronOptions = { withSeconds?: boolean };
type Checked = { ok: true; pattern: string } | { ok: false; reason: string };

/** Undefined when `cron` is valid, else why it is not. */
export function cronProblem(cron: string, options: CronOptions = {}): string | undefined {
  const checked = check(cron, options);
  return checked.ok ? undefined : checked.reason;
}

export function isValid(cron: string, options: CronOptions = {}): boolean {
  return check(cron, options).ok;
}

/** True for an IANA time zone this runtime knows. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** The first date of `cron` after `afterMs`; undefined when there is none within ten years, or the cron or zone is not valid. */
export function nextDate(cron: string, zone: string, afterMs: EpochMs, options: CronOptions = {}): EpochMs | undefined {
  const found = job(cron, zone, options)?.nextRun(new Date(afterMs))?.getTime();
  return found === undefined || found - afterMs > TEN_YEARS_MS ? undefined : found;
}

/** The last date of `cron` before `beforeMs`; undefined as in `nextDate`. */
export function previousDate(
  cron: string,
  zone: string,
  beforeMs: EpochMs,
  options: CronOptions = {},
): EpochMs | undefined {
  const [found] = job(cron, zone, options)?.previousRuns(1, new Date(beforeMs)) ?? [];
  const at = found?.getTime();
  return at === undefined || beforeMs - at > TEN_YEARS_MS ? undefined : at;
}

const TEN_YEARS_MS = 10 * 366 * 86_400_000;

function job(cron: string, zone: string, options: CronOptions): Cron | undefined {
  const checked = check(cron, options);
  if (!checked.ok || !isTimeZone(zone)) return undefined;
  try {
    return new Cron(checked.pattern, { timezone: zone, paused: true });
  } catch {
    return undefined;
  }
}

/** Six plain fields for croner: names replaced, `5/15` written as a range, 7 as Sunday. */
function check(cron: string, { withSeconds = false }: CronOptions): Checked {
  const text = cron.trim();
  if (text.startsWith("@")) {
    const meant = NICKNAMES.get(text.toLowerCase());
    if (meant === undefined) return refuse(cron, `unknown nickname, use one of ${[...NICKNAMES.keys()].join(", ")}`);
    return { ok: true, pattern: `0 ${meant}` };
  }
  const parts = text.split(/\s+/);
  const hasSeconds = withSeconds || hasSecondsField(cron);
  const count = hasSeconds ? 6 : 5;
  if (parts.length !== count) {
    return refuse(cron, `${count} fields are needed, but there are ${text === "" ? 0 : parts.length}`);
  }
  const fields = hasSeconds ? parts : ["0", ...parts];
  const plain: string[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const items: string[] = [];
    for (const item of (fields[index] ?? "").split(",")) {
      const read = readItem(item, field);
      if (read === undefined) return refuse(cron, `\`${item}\` is no ${field.name} (${field.from}-${field.to})`);
      items.push(read);
    }
    plain.push(items.join(","));
  }
  return { ok: true, pattern: plain.join(" ") };
}

/** Six fields are read as with seconds, whether `withSeconds` is set or not. */
function hasSecondsField(cron: string): boolean {
  return cron.trim().split(/\s+/).length === 6;
}

function refuse(cron: string, reason: string): Checked {
  return { ok: false, reason: `invalid cron expression '${cron}': ${reason}` };
}

const ITEM = /^(?:\*|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:\/([0-9]{1,2}))?$/i;

function readItem(item: string, field: Field): string | undefined {
  const match = ITEM.exec(item);
  if (match === null) return undefined;
  const [, first, last, step] = match;
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.to)) return undefined;
  const every = step === undefined ? "" : `/${Number(step)}`;
  if (first === undefined) return `*${every}`;
  const from = numberOf(first, field);
  const to = last === undefined ? (step === undefined ? from : field.to) : numberOf(last, field);
  if (from === undefined || to === undefined || from > to) return undefined;
  return from === to && step === undefined ? String(from) : `${from}-${to}${every}`;
}

function numberOf(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + field.firstName : Number(text);
  return Number.isInteger(value) && value >= field.from && value <= field.to ? value : undefined;
}
