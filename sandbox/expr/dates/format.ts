import type { LocalDateTime } from "@js-joda/core";
import { failure } from "../errors.ts";
import { epochSecond, type Moment } from "./moment.ts";
import { dayNames, eraNames, halfDayNames, monthNames, type NameStyle, weekRule, zoneName } from "./names.ts";
import { type PatternPart, parsePattern } from "./pattern.ts";
import { offsetText } from "./zone.ts";

/** The moment in one of Java's patterns. */
export function formatPattern(moment: Moment, pattern: string, locale: string): string {
  return formatParts(parsePattern(pattern), { moment, locale });
}

type Subject = { moment: Moment; locale: string };

function formatParts(parts: readonly PatternPart[], subject: Subject): string {
  return parts
    .map((part) => {
      if (part.kind === "literal") return part.text;
      return part.kind === "optional"
        ? formatParts(part.parts, subject)
        : formatField(part, subject).padStart(part.pad);
    })
    .join("");
}

const NUMERIC: { [letter: string]: (local: LocalDateTime) => number } = {
  D: (local) => local.dayOfYear(),
  d: (local) => local.dayOfMonth(),
  F: (local) => Math.floor((local.dayOfMonth() - 1) / 7) + 1,
  H: (local) => local.hour(),
  k: (local) => local.hour() || 24,
  K: (local) => local.hour() % 12,
  h: (local) => local.hour() % 12 || 12,
  m: (local) => local.minute(),
  s: (local) => local.second(),
  n: (local) => local.nano(),
  A: (local) => Math.floor(nanoOfDay(local) / 1e6),
};

function nanoOfDay(local: LocalDateTime): number {
  return local.toLocalTime().toSecondOfDay() * 1e9 + local.nano();
}

function formatField({ letter, count }: { letter: string; count: number }, subject: Subject): string {
  const { local, offset, zone } = subject.moment;
  const numeric = NUMERIC[letter];
  if (numeric !== undefined) return padded(numeric(local), count);
  switch (letter) {
    case "u":
      return year(local.year(), count);
    case "y":
      return year(local.year() > 0 ? local.year() : 1 - local.year(), count);
    case "Y":
      return year(week(subject).year, count);
    case "W":
      return weekOfMonth(local, weekRule(subject.locale)).toString();
    case "w":
      return padded(week(subject).week, count);
    case "S":
      return local.nano().toString().padStart(9, "0").slice(0, count).padEnd(count, "0");
    case "N":
      return (BigInt(local.toLocalTime().toSecondOfDay()) * 1_000_000_000n + BigInt(local.nano()))
        .toString()
        .padStart(count, "0");
    case "V":
      return zone.id;
    case "O":
      return offset === 0 ? "GMT" : `GMT${count === 1 ? shortOffset(offset) : offsetText(offset, "xxx")}`;
    case "X":
    case "x":
    case "Z":
      return offsetText(offset, letter.repeat(count));
    default:
      return formatName(letter, count, subject);
  }
}

function formatName(letter: string, count: number, subject: Subject): string {
  const { locale, moment } = subject;
  const { local } = moment;
  switch (letter) {
    case "M":
    case "L":
      if (count < 3) return padded(local.monthValue(), count);
      return monthNames(locale, styleOf(count), letter === "L")[local.monthValue() - 1] ?? "";
    case "E":
      return dayNames(locale, styleOf(count))[local.dayOfWeek().value() - 1] ?? "";
    case "e":
    case "c":
      if (count < 3) return padded(week(subject).day, count);
      return dayNames(locale, styleOf(count))[local.dayOfWeek().value() - 1] ?? "";
    case "a":
      return halfDayNames(locale)[local.hour() < 12 ? 0 : 1] ?? "";
    case "G":
      return eraNames(locale, styleOf(count))[local.year() > 0 ? 1 : 0] ?? "";
    case "Q":
    case "q":
      return quarter(Math.floor((local.monthValue() - 1) / 3) + 1, count);
    case "z":
    case "v":
      return zoneName(locale, moment.zone.id, epochSecond(moment) * 1000, count < 4 ? "short" : "long");
    default:
      throw failure(`The date pattern letter ${letter} is not supported.`);
  }
}

function quarter(number: number, count: number): string {
  if (count < 3) return padded(number, count);
  return count === 3 ? `Q${number}` : `${number}${["st", "nd", "rd", "th"][number - 1]} quarter`;
}

function styleOf(count: number): NameStyle {
  return count === 4 ? "long" : count === 5 ? "narrow" : "short";
}

function padded(value: number, count: number): string {
  return value.toString().padStart(count, "0");
}

/** Two letters show the last two digits; more digits than letters get a sign from four letters on. */
function year(value: number, count: number): string {
  if (count === 2) return padded(Math.abs(value) % 100, 2);
  const digits = padded(Math.abs(value), count);
  if (value < 0) return `-${digits}`;
  return count >= 4 && digits.length > count ? `+${digits}` : digits;
}

function shortOffset(offset: number): string {
  const text = offsetText(offset, "xxx");
  const hours = Number(text.slice(1, 3));
  return `${text[0]}${hours}${text.endsWith(":00") ? "" : text.slice(3)}`;
}

/** Week-based year, week and day by the locale's rule. */
function week({ moment, locale }: Subject): { year: number; week: number; day: number } {
  return weekOf(moment.local, weekRule(locale));
}

type WeekRule = { firstDay: number; minimalDays: number };

/** Counted from 1; days before the month's first full-enough week are in week 0. */
function weekOfMonth(local: LocalDateTime, rule: WeekRule): number {
  const day = local.dayOfMonth();
  const ofWeek = ((local.dayOfWeek().value() - rule.firstDay + 7) % 7) + 1;
  const start = (((day - ofWeek) % 7) + 7) % 7;
  const offset = start + 1 > rule.minimalDays ? 7 - start : -start;
  return Math.floor((7 + offset + day - 1) / 7);
}

export function weekOf(local: LocalDateTime, rule: WeekRule) {
  const date = local.toLocalDate();
  const day = ((local.dayOfWeek().value() - rule.firstDay + 7) % 7) + 1;
  const start = date.minusDays(day - 1);
  // the week belongs to the year of its day number `8 - minimalDays`
  const owner = start.plusDays(7 - rule.minimalDays);
  return { year: owner.year(), week: Math.floor((owner.dayOfYear() - 1) / 7) + 1, day };
}
