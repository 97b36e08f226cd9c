import { argumentError } from "../errors.ts";
import { formatPattern, weekOf } from "./format.ts";
import { epochSecond, inZone, type Moment } from "./moment.ts";
import { type LocalizedStyle, localized } from "./names.ts";
import { offsetText, UTC } from "./zone.ts";

/** Formats with a name; any other text is a pattern. */
export const NAMED_PATTERNS: ReadonlyMap<string, string> = new Map([
  ["iso", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"],
  ["iso_sec", "yyyy-MM-dd'T'HH:mm:ssXXX"],
  ["sql", "yyyy-MM-dd HH:mm:ss.SSSSSS"],
  ["sql_seq", "yyyy-MM-dd HH:mm:ss"],
]);

const STYLES: ReadonlySet<string> = new Set(["full", "long", "medium", "short"]);

function isStyle(name: string): name is LocalizedStyle {
  return STYLES.has(name);
}

const NAMED: ReadonlyMap<string, (moment: Moment) => string> = new Map([
  ["iso_date_time", (moment: Moment) => isoDateTime(moment) + offset(moment) + region(moment)],
  ["iso_zoned_date_time", (moment: Moment) => isoDateTime(moment) + offset(moment) + region(moment)],
  ["iso_offset_date_time", (moment: Moment) => isoDateTime(moment) + offset(moment)],
  ["iso_local_date_time", isoDateTime],
  ["iso_date", (moment: Moment) => isoDate(moment) + offset(moment)],
  ["iso_offset_date", (moment: Moment) => isoDate(moment) + offset(moment)],
  ["iso_local_date", isoDate],
  ["basic_iso_date", (moment: Moment) => formatPattern(moment, "uuuuMMddXX", "en")],
  ["iso_time", (moment: Moment) => isoTime(moment) + offset(moment)],
  ["iso_offset_time", (moment: Moment) => isoTime(moment) + offset(moment)],
  ["iso_local_time", isoTime],
  ["iso_instant", isoInstant],
  ["iso_ordinal_date", (moment: Moment) => formatPattern(moment, "uuuu-DDD", "en") + offset(moment)],
  ["iso_week_date", isoWeekDate],
  ["rfc_1123_date_time", rfc1123],
]);

export const FORMAT_NAMES: readonly string[] = [...NAMED_PATTERNS.keys(), ...NAMED.keys(), ...STYLES];

/** The moment in a named format, a localized style, or a pattern of Java's. */
export function formatMoment(moment: Moment, format: string, locale: string): string {
  const named = NAMED.get(format) ?? NAMED.get(format.toLowerCase());
  if (named !== undefined) return named(moment);
  if (isStyle(format)) return localized(locale, moment.zone.id, epochSecond(moment) * 1000, format);
  if (format === "") throw argumentError("The date format is empty: use a name such as iso, or a pattern.");
  return formatPattern(moment, NAMED_PATTERNS.get(format) ?? format, locale);
}

function isoDate(moment: Moment): string {
  return formatPattern(moment, "uuuu-MM-dd", "en");
}

/** In UTC; the fraction has three, six or nine digits, or is left out. */
function isoInstant(moment: Moment): string {
  const utc = inZone(moment, UTC);
  const nano = utc.local.nano();
  const digits = nano === 0 ? 0 : nano % 1e6 === 0 ? 3 : nano % 1e3 === 0 ? 6 : 9;
  const fraction = digits === 0 ? "" : `.${nano.toString().padStart(9, "0").slice(0, digits)}`;
  return `${isoDate(utc)}T${formatPattern(utc, "HH:mm:ss", "en")}${fraction}Z`;
}

/** As many digits of the fraction as there are. */
function isoTime(moment: Moment): string {
  const fraction = moment.local.nano().toString().padStart(9, "0").replace(/0+$/, "");
  return formatPattern(moment, "HH:mm:ss", "en") + (fraction === "" ? "" : `.${fraction}`);
}

function isoDateTime(moment: Moment): string {
  return `${isoDate(moment)}T${isoTime(moment)}`;
}

function offset(moment: Moment): string {
  return offsetText(moment.offset, "XXXXX");
}

function region(moment: Moment): string {
  return /^(Z|[+-].*)$/.test(moment.zone.id) ? "" : `[${moment.zone.id}]`;
}

function isoWeekDate(moment: Moment): string {
  const { year, week, day } = weekOf(moment.local, { firstDay: 1, minimalDays: 4 });
  return `${year.toString().padStart(4, "0")}-W${week.toString().padStart(2, "0")}-${day}${offset(moment)}`;
}

function rfc1123(moment: Moment): string {
  const zone = moment.offset === 0 ? "GMT" : offsetText(moment.offset, "xx");
  return `${formatPattern(moment, "EEE, d MMM yyyy HH:mm:ss", "en")} ${zone}`;
}
