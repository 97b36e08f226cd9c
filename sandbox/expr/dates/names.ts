import { failure } from "../errors.ts";

export type NameStyle = "long" | "short" | "narrow";
type Part = "month" | "weekday" | "dayPeriod" | "era";

const MAX_LISTS = 200;
const lists = new Map<string, readonly string[]>();

function listOf(key: string, make: () => string[]): readonly string[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  if (lists.size >= MAX_LISTS) lists.clear();
  const made = make();
  lists.set(key, made);
  return made;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Making one takes a thousand times as long as using it, so they are kept. */
function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known !== undefined) return known;
  try {
    const made = new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
    if (formatters.size >= MAX_LISTS) formatters.clear();
    formatters.set(key, made);
    return made;
  } catch {
    throw failure(`Unknown locale: ${locale}. Use a language tag such as en, fr or pt-BR.`);
  }
}

function partOf(format: Intl.DateTimeFormat, at: number, part: Part): string {
  return format.formatToParts(at).find(({ type }) => type === part)?.value ?? "";
}

/** January first. Within a date some languages decline the name; `isAlone` gives the form that stands by itself. */
export function monthNames(locale: string, style: NameStyle, isAlone = false): readonly string[] {
  return listOf(`month ${locale} ${style} ${isAlone}`, () => {
    const format = formatter(locale, isAlone ? { month: style } : { month: style, day: "numeric" });
    return Array.from({ length: 12 }, (_, month) => partOf(format, Date.UTC(2024, month, 1), "month"));
  });
}

/** Monday first. */
export function dayNames(locale: string, style: NameStyle): readonly string[] {
  return listOf(`day ${locale} ${style}`, () => {
    const format = formatter(locale, { weekday: style });
    return Array.from({ length: 7 }, (_, day) => partOf(format, Date.UTC(2024, 0, 1 + day), "weekday"));
  });
}

/** Morning, then afternoon. */
export function halfDayNames(locale: string): readonly string[] {
  return listOf(`half ${locale}`, () => {
    const format = formatter(locale, { hour: "numeric", hour12: true });
    return [3, 15].map((hour) => partOf(format, Date.UTC(2024, 0, 1, hour), "dayPeriod"));
  });
}

/** Before Christ, then Anno Domini. */
export function eraNames(locale: string, style: NameStyle): readonly string[] {
  return listOf(`era ${locale} ${style}`, () => {
    const format = formatter(locale, { era: style });
    return [Date.UTC(-100, 0, 1), Date.UTC(2024, 0, 1)].map((at) => partOf(format, at, "era"));
  });
}

export function zoneName(locale: string, zone: string, atMs: number, style: "long" | "short"): string {
  if (zone === "Z") return "Z";
  const format = formatter(locale, { timeZone: zone, timeZoneName: style });
  return format.formatToParts(atMs).find(({ type }) => type === "timeZoneName")?.value ?? zone;
}

export type LocalizedStyle = "full" | "long" | "medium" | "short";

/** Date and time in one of the locale's own styles. */
export function localized(locale: string, zone: string, atMs: number, style: LocalizedStyle): string {
  return formatter(locale, { timeZone: zone === "Z" ? "UTC" : zone, dateStyle: style, timeStyle: style }).format(atMs);
}

/** First day of the week (1 = Monday) and the least days of the year's first week. */
export function weekRule(locale: string): { firstDay: number; minimalDays: number } {
  const region = new Intl.Locale(locale).maximize().region ?? "";
  if (SUNDAY_REGIONS.has(region)) return { firstDay: 7, minimalDays: 1 };
  return SATURDAY_REGIONS.has(region)
    ? { firstDay: 6, minimalDays: 1 }
    : { firstDay: 1, minimalDays: isoWeeks(region) };
}

const words = (text: string) => new Set(text.split(" "));
const SUNDAY_REGIONS = words(
  "AG AS AU BD BR BS BT BW BZ CA CN CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP PA PE PH PK PR PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW",
);
const SATURDAY_REGIONS = words("AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY");
const ISO_REGIONS = words(
  "AD AN AT AX BE BG CH CZ DE DK EE ES FI FJ FO FR GB GF GG GI GP GR HU IE IM IS IT JE LI LT LU MC MQ NL NO PL PT RE RU SE SJ SK SM VA",
);

function isoWeeks(region: string): number {
  return ISO_REGIONS.has(region) ? 4 : 1;
}
