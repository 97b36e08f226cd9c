import { argumentError, typeError } from "../errors.ts";
import { isInteger, isNumber, toFloat } from "../numbers.ts";
import { className, type Value } from "../value.ts";
import { type Fields, momentOfFields } from "./fields.ts";
import { FORMAT_NAMES, NAMED_PATTERNS } from "./formats.ts";
import { type Moment, momentOfInstant } from "./moment.ts";
import { parseByPattern, unparsable } from "./parse-pattern.ts";
import type { Zone } from "./zone.ts";

const ISO =
  /^([+-]?\d{4,9})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?(?:\[([^\]]+)\])?$/;
const RFC_1123 = "[EEE, ]d MMM yyyy HH:mm[:ss] z";

type Reading = { zone: Zone; existingFormat?: string | undefined; locale: string };

/** A date from text (ISO, or in the existing format) or from an integer (epoch seconds), on the clock of the zone. */
export function readMoment(value: Value, { zone, existingFormat, locale }: Reading): Moment {
  if (typeof value === "string") return momentOfFields(fieldsOf(value, existingFormat, locale), zone);
  if (isInteger(value)) return momentOfInstant(Number(value), 0, zone);
  if (isNumber(value)) {
    const second = Math.floor(toFloat(value));
    return momentOfInstant(second, Math.round((toFloat(value) - second) * 1e6) * 1000, zone);
  }
  throw typeError(`A date is text or epoch seconds. Actual type was: ${className(value)}`);
}

function fieldsOf(text: string, existingFormat: string | undefined, locale: string): Fields {
  if (existingFormat === undefined) return isoFields(text);
  const name = existingFormat.toLowerCase();
  if (name === "rfc_1123_date_time") return parseByPattern(text, RFC_1123, "en");
  const pattern = NAMED_PATTERNS.get(existingFormat);
  if (pattern === undefined && FORMAT_NAMES.includes(name)) {
    if (!name.startsWith("iso_")) throw argumentError(`Dates cannot be read in the style '${existingFormat}'.`);
    return isoFields(text);
  }
  return parseByPattern(text, pattern ?? existingFormat, locale);
}

function isoFields(text: string): Fields {
  const found = ISO.exec(text);
  if (found === null) {
    throw unparsable(text, 0, " A date is ISO text as 2013-09-08T17:19:12+02:00; name another form in existingFormat.");
  }
  const [, year, month, day, hour, minute, second, fraction, offset, region] = found;
  const fields: Fields = { year: Number(year), month: Number(month), day: Number(day) };
  if (hour !== undefined)
    Object.assign(fields, { hour: Number(hour), minute: Number(minute), second: Number(second ?? 0) });
  if (fraction !== undefined) fields.nano = Number(fraction.padEnd(9, "0"));
  const zone = offset ?? region;
  if (zone !== undefined) fields.zone = zone;
  return fields;
}
