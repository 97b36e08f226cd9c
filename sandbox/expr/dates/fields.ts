import { LocalDate, LocalDateTime, LocalTime } from "@js-joda/core";
import { failure } from "../errors.ts";
import { guarded, inZone, type Moment, momentOfInstant, momentOfLocal } from "./moment.ts";
import { type Zone, zoneOf } from "./zone.ts";

/** What a date text says, as far as it says it. */
export type Fields = {
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  hour12?: number;
  isAfternoon?: boolean;
  minute?: number;
  second?: number;
  nano?: number;
  /** Zone or offset within the text. */
  zone?: string;
  epochSecond?: number;
};

/** The moment on the wall clock of `zone`; a text without its own zone is taken as local there, without time as midnight. */
export function momentOfFields(fields: Fields, zone: Zone): Moment {
  if (fields.epochSecond !== undefined) return momentOfInstant(fields.epochSecond, fields.nano ?? 0, zone);
  const local = guarded(() => LocalDateTime.of(dateOf(fields), timeOf(fields)));
  return fields.zone === undefined
    ? momentOfLocal(local, zone)
    : inZone(momentOfLocal(local, zoneOf(fields.zone)), zone);
}

function dateOf({ year, month, day, dayOfYear }: Fields): LocalDate {
  if (year === undefined) throw failure("The text has no year: a date needs year, month and day.");
  if (dayOfYear !== undefined) return LocalDate.ofYearDay(year, dayOfYear);
  if (month === undefined || day === undefined)
    throw failure("The text has no full date: a date needs year, month and day.");
  return LocalDate.of(year, month, day);
}

function timeOf({ hour, hour12, isAfternoon, minute, second, nano }: Fields): LocalTime {
  const hours = hour ?? (hour12 === undefined ? 0 : (hour12 % 12) + (isAfternoon ? 12 : 0));
  return LocalTime.of(hours, minute ?? 0, second ?? 0, nano ?? 0);
}
