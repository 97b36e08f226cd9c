import { ChronoUnit, LocalDateTime, ZoneOffset } from "@js-joda/core";
import { ExprError, failure } from "../errors.ts";
import { offsetOfLocal, type Zone } from "./zone.ts";

/** An instant with the wall clock of a zone. */
export type Moment = { readonly local: LocalDateTime; readonly offset: number; readonly zone: Zone };

/** The instant in seconds since 1970, rounded down; the rest is `local.nano()`. */
export function epochSecond(moment: Moment): number {
  return moment.local.toEpochSecond(ZoneOffset.UTC) - moment.offset;
}

export function momentOfInstant(second: number, nano: number, zone: Zone): Moment {
  const offset = zone.offsetAt(second);
  return { local: guarded(() => LocalDateTime.ofEpochSecond(second + offset, nano, ZoneOffset.UTC)), offset, zone };
}

export function momentOfLocal(local: LocalDateTime, zone: Zone): Moment {
  const second = local.toEpochSecond(ZoneOffset.UTC);
  return momentOfInstant(second - offsetOfLocal(zone, second), local.nano(), zone);
}

/** The same instant on another wall clock. */
export function inZone(moment: Moment, zone: Zone): Moment {
  return momentOfInstant(epochSecond(moment), moment.local.nano(), zone);
}

const CLOCK_UNITS: ReadonlyMap<string, ChronoUnit> = new Map([
  ["NANOS", ChronoUnit.NANOS],
  ["MICROS", ChronoUnit.MICROS],
  ["MILLIS", ChronoUnit.MILLIS],
  ["SECONDS", ChronoUnit.SECONDS],
  ["MINUTES", ChronoUnit.MINUTES],
  ["HOURS", ChronoUnit.HOURS],
  ["HALF_DAYS", ChronoUnit.HALF_DAYS],
]);
const CALENDAR_UNITS: ReadonlyMap<string, ChronoUnit> = new Map([
  ["DAYS", ChronoUnit.DAYS],
  ["WEEKS", ChronoUnit.WEEKS],
  ["MONTHS", ChronoUnit.MONTHS],
  ["YEARS", ChronoUnit.YEARS],
  ["DECADES", ChronoUnit.DECADES],
  ["CENTURIES", ChronoUnit.CENTURIES],
  ["MILLENNIA", ChronoUnit.MILLENNIA],
]);

/** Hours and smaller units move the instant; days and larger ones move the wall clock. */
export function plus(moment: Moment, amount: number, unit: string): Moment {
  const clockUnit = CLOCK_UNITS.get(unit);
  if (clockUnit !== undefined) {
    const moved = guarded(() => moment.local.plus(amount, clockUnit));
    return momentOfInstant(moved.toEpochSecond(ZoneOffset.UTC) - moment.offset, moved.nano(), moment.zone);
  }
  const calendarUnit = CALENDAR_UNITS.get(unit);
  if (calendarUnit === undefined) {
    const units = [...CLOCK_UNITS.keys(), ...CALENDAR_UNITS.keys()].join(", ");
    throw failure(`No enum constant java.time.temporal.ChronoUnit.${unit}: use one of ${units}.`);
  }
  return momentOfLocal(
    guarded(() => moment.local.plus(amount, calendarUnit)),
    moment.zone,
  );
}

/** The calendar library's own errors as problems. */
export function guarded<T>(compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ExprError) throw error;
    throw failure(error instanceof Error ? error.message : String(error));
  }
}
