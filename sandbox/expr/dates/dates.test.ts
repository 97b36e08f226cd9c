import "@js-joda/timezone";
import { DateTimeFormatter, Instant, LocalDateTime, ZonedDateTime, ZoneId, ZoneOffset } from "@js-joda/core";
import { Locale } from "@js-joda/locale_en";
import fc from "fast-check";
import { expect, test } from "vitest";
import { objectScope, render } from "../index.ts";

// Our dates against a port of Java's own calendar classes, with their own zone data and their own names.

/** Zones with summer time north and south, half hours, a half-hour summer time, a day that was left out, and changes of rules. */
const ZONES = [
  "UTC",
  "Europe/Paris",
  "America/New_York",
  "America/Sao_Paulo",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "Asia/Tehran",
  "America/St_Johns",
];
const PATTERNS = [
  "uuuu-MM-dd'T'HH:mm:ss.SSS",
  "yyyy/M/d H:m:s",
  "yy-MM",
  "D DDD",
  "hh:mm a",
  "h k",
  "EEE, d MMM uuuu",
  "EEEE d MMMM yyyy",
  "n",
  "SSSSSSSSS",
  "xxx",
  "XXX",
  "xx",
];
/** Where the zone data of the other side ends well; far years are compared with fixed offsets. */
const FIRST_YEAR = 1971;
const LAST_YEAR = 2036;

function rendered(template: string, vars: Record<string, unknown>): string {
  const outcome = render(template, { scope: objectScope(vars), now: 0, random: () => 0.5 });
  return outcome.ok === true ? outcome.value : `! ${outcome.ok === false ? outcome.problem.message : "needs"}`;
}

const theirs = (date: ZonedDateTime, pattern: string) =>
  date.format(DateTimeFormatter.ofPattern(pattern).withLocale(Locale.ENGLISH));

const secondsOf = (from: number, to: number) =>
  fc.integer({ min: Date.UTC(from, 0, 1) / 1000, max: Date.UTC(to, 11, 31) / 1000 });
const zones = fc.constantFrom(...ZONES);
const patterns = fc.constantFrom(...PATTERNS);

test("an instant prints alike in every zone and pattern", () => {
  const property = fc.property(secondsOf(FIRST_YEAR, LAST_YEAR), zones, patterns, (second, zone, pattern) => {
    const date = ZonedDateTime.ofInstant(Instant.ofEpochSecond(second), ZoneId.of(zone));
    expect(rendered("{{ d | date(p, timeZone=z) }}", { d: second, p: pattern, z: zone })).toBe(theirs(date, pattern));
  });
  fc.assert(property, { numRuns: 1500 });
});

test("dates of the years 1583 to 2200 print alike, with nanoseconds", () => {
  const offsets = fc.integer({ min: -18 * 60, max: 18 * 60 });
  const nanos = fc.nat(999_999_999);
  const property = fc.property(secondsOf(1583, 2200), nanos, offsets, patterns, (second, nano, minutes, pattern) => {
    const offset = ZoneOffset.ofTotalSeconds(minutes * 60);
    const date = ZonedDateTime.ofInstant(Instant.ofEpochSecond(second, nano), offset);
    const iso = Instant.ofEpochSecond(second, nano).toString();
    expect(rendered("{{ d | date(p, timeZone=z) }}", { d: iso, p: pattern, z: offset.id() })).toBe(
      theirs(date, pattern),
    );
  });
  fc.assert(property, { numRuns: 1500 });
});

/** An instant at which the zone's offset changes, within the year that begins at `from`; undefined when there is none. */
function changeWithin(zone: ZoneId, from: number): number | undefined {
  const offset = (second: number) => zone.rules().offset(Instant.ofEpochSecond(second)).totalSeconds();
  let low = from;
  while (low < from + 366 * 86_400 && offset(low) === offset(low + 86_400)) low += 86_400;
  if (offset(low) === offset(low + 86_400)) return undefined;
  let high = low + 86_400;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle) === offset(low)) low = middle;
    else high = middle;
  }
  return high;
}

test("wall clocks around a change of the offset mean the same instant: those that do not happen, and those that happen twice", () => {
  const year = fc.integer({ min: FIRST_YEAR, max: LAST_YEAR - 1 });
  const around = fc.integer({ min: -3 * 3600, max: 3 * 3600 });
  const property = fc.property(zones, year, around, (zone, from, seconds) => {
    const id = ZoneId.of(zone);
    const change = changeWithin(id, Date.UTC(from, 0, 1) / 1000);
    if (change === undefined) return;
    const offset = id.rules().offset(Instant.ofEpochSecond(change - 1));
    const local = LocalDateTime.ofEpochSecond(change + seconds, 0, offset);
    const text = rendered("{{ d | timestamp(timeZone=z) }}", { d: local.toString(), z: zone });
    expect(text).toBe(String(ZonedDateTime.of(local, id).toEpochSecond()));
  });
  fc.assert(property, { numRuns: 400 });
});

test("days and months are added alike, over changes of the offset too", () => {
  const units = fc.constantFrom("DAYS", "WEEKS", "MONTHS", "YEARS", "HOURS", "MINUTES");
  const amounts = fc.integer({ min: -400, max: 400 });
  const property = fc.property(secondsOf(1980, 2025), zones, amounts, units, (second, zone, amount, unit) => {
    const few = unit === "YEARS" ? amount % 9 : unit === "MONTHS" ? amount % 100 : amount;
    const date = ZonedDateTime.ofInstant(Instant.ofEpochSecond(second), ZoneId.of(zone));
    const moved = {
      DAYS: () => date.plusDays(few),
      WEEKS: () => date.plusWeeks(few),
      MONTHS: () => date.plusMonths(few),
      YEARS: () => date.plusYears(few),
      HOURS: () => date.plusHours(few),
      MINUTES: () => date.plusMinutes(few),
    }[unit]?.();
    const template = "{{ d | dateAdd(n, u, 'iso_sec', timeZone=z) | timestamp }}";
    expect(rendered(template, { d: second, n: few, u: unit, z: zone })).toBe(String(moved?.toEpochSecond()));
  });
  fc.assert(property, { numRuns: 800 });
});

test("what is printed in a pattern is read back from it", () => {
  const whole = [
    "uuuu-MM-dd'T'HH:mm:ssXXX",
    "d MMM uuuu HH:mm:ss xx",
    "EEEE, MMMM d, yyyy h:mm:ss a xxx",
    "uuuuMMddHHmmssxx",
  ];
  const property = fc.property(secondsOf(1583, 2200), fc.constantFrom(...whole), (second, pattern) => {
    const text = theirs(ZonedDateTime.ofInstant(Instant.ofEpochSecond(second), ZoneOffset.ofHours(2)), pattern);
    expect(rendered("{{ d | timestamp(existingFormat=p) }}", { d: text, p: pattern })).toBe(String(second));
  });
  fc.assert(property, { numRuns: 800 });
});
