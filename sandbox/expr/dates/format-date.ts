import { formatMoment } from "./formats.ts";
import { readMoment } from "./read.ts";
import { zoneOf } from "./zone.ts";

/** An ISO date, or date and time, in a zone and by one of Java's patterns or a named format. Throws for what is none of them. */
export function formatDate(text: string, format: string, timeZone: string): string {
  const moment = readMoment(text, { zone: zoneOf(timeZone), existingFormat: undefined, locale: "en" });
  return formatMoment(moment, format, "en");
}
