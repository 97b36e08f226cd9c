import { LocalDateTime, ZoneOffset } from "@js-joda/core";
import type { Json } from "#schema/json.ts";
import { dayNames, monthNames } from "../dates/names.ts";
import { groupText, regexOf } from "../regex/use.ts";
import { JqError, type JqHost, type ValueFunction } from "./types.ts";
import { described } from "./values.ts";

/** jq's "broken down time": year, month from 0, day, hours, minutes, seconds, day of week from Sunday, day of year from 0. */
function brokenDown(local: LocalDateTime, second: number): Json {
  const { year, month, day } = { year: local.year(), month: local.monthValue() - 1, day: local.dayOfMonth() };
  return [year, month, day, local.hour(), local.minute(), second, local.dayOfWeek().value() % 7, local.dayOfYear() - 1];
}

function localOf(epoch: number): LocalDateTime {
  if (!Number.isFinite(epoch) || Math.abs(epoch) > 8.64e12)
    throw new JqError("error converting number of seconds since epoch to datetime");
  return LocalDateTime.ofEpochSecond(Math.floor(epoch), 0, ZoneOffset.UTC);
}

function gmtime(input: Json): Json {
  if (typeof input !== "number") throw new JqError("gmtime() requires a number");
  const local = localOf(input);
  return brokenDown(local, local.second() + (input - Math.floor(input)));
}

function dateOf(input: Json, who: string): LocalDateTime {
  if (typeof input === "number") return localOf(input);
  const parts = Array.isArray(input) ? input : [];
  const numbers = parts.filter((part) => typeof part === "number").map(Math.floor);
  const [year, month, day = 1, hour = 0, minute = 0, second = 0] = numbers;
  if (year === undefined || month === undefined) throw new JqError(`${who} requires array of 6 numbers`);
  try {
    return LocalDateTime.of(year, month + 1, day, hour, minute, second);
  } catch {
    throw new JqError(`${who} requires parsed datetime inputs, not ${described(input)}`);
  }
}

function mktime(input: Json): Json {
  if (!Array.isArray(input)) throw new JqError("mktime requires array of 6 numbers");
  return dateOf(input, "mktime").toEpochSecond(ZoneOffset.UTC);
}

const two = (value: number) => value.toString().padStart(2, "0");

const WRITERS: { [letter: string]: (local: LocalDateTime) => string } = {
  Y: (local) => local.year().toString(),
  y: (local) => two(local.year() % 100),
  m: (local) => two(local.monthValue()),
  d: (local) => two(local.dayOfMonth()),
  e: (local) => local.dayOfMonth().toString().padStart(2, " "),
  H: (local) => two(local.hour()),
  I: (local) => two(local.hour() % 12 || 12),
  M: (local) => two(local.minute()),
  S: (local) => two(local.second()),
  p: (local) => (local.hour() < 12 ? "AM" : "PM"),
  j: (local) => local.dayOfYear().toString().padStart(3, "0"),
  A: (local) => dayNames("en", "long")[local.dayOfWeek().value() - 1] ?? "",
  a: (local) => dayNames("en", "short")[local.dayOfWeek().value() - 1] ?? "",
  B: (local) => monthNames("en", "long")[local.monthValue() - 1] ?? "",
  b: (local) => monthNames("en", "short")[local.monthValue() - 1] ?? "",
  h: (local) => monthNames("en", "short")[local.monthValue() - 1] ?? "",
  u: (local) => local.dayOfWeek().value().toString(),
  w: (local) => (local.dayOfWeek().value() % 7).toString(),
  s: (local) => local.toEpochSecond(ZoneOffset.UTC).toString(),
  Z: () => "UTC",
  z: () => "+0000",
  n: () => "\n",
  t: () => "\t",
  "%": () => "%",
};
const COMPOSED: { [letter: string]: string } = {
  F: "%Y-%m-%d",
  T: "%H:%M:%S",
  R: "%H:%M",
  D: "%m/%d/%y",
  c: "%a %b %e %H:%M:%S %Y",
};

function expandedFormat(format: Json | undefined, who: string): string {
  if (typeof format !== "string") throw new JqError(`${who} requires a string format`);
  return format.replace(/%([FTRDc])/g, (_, letter: string) => COMPOSED[letter] ?? "");
}

function strftime(input: Json, [format]: readonly Json[]): Json {
  if (typeof input !== "number" && !Array.isArray(input))
    throw new JqError("strftime/1 requires parsed datetime inputs");
  const local = dateOf(input, "strftime/1");
  return expandedFormat(format, "strftime/1").replace(
    /%([A-Za-z%])/g,
    (all, letter: string) => WRITERS[letter]?.(local) ?? all,
  );
}

const READERS: { [letter: string]: string } = {
  Y: "(?<year>-?\\d{4})",
  m: "(?<month>\\d{1,2})",
  d: "(?<day>\\d{1,2})",
  e: "\\s*(?<day>\\d{1,2})",
  H: "(?<hour>\\d{1,2})",
  M: "(?<minute>\\d{1,2})",
  S: "(?<second>\\d{1,2})",
  j: "(?<yearDay>\\d{1,3})",
  Z: "[A-Za-z]+",
  z: "(?:Z|[+-]\\d{2}:?\\d{2})",
  A: "[A-Za-z]+",
  a: "[A-Za-z]+",
  B: "(?<name>[A-Za-z]+)",
  b: "(?<name>[A-Za-z]+)",
  "%": "%",
};

/** The parts of the date by name, found with the budgeted matcher: a format is a pattern of its user. */
function partsOf(input: string, format: string, host: JqHost): ReadonlyMap<string, string> | null {
  const source = format
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/%([A-Za-z%])/g, (all, letter: string) => READERS[letter] ?? all);
  const regex = regexOf(`\\A${source}\\z`);
  const match = regex.find(input, 0, (count) => host.regexStep(count));
  if (match === null) return null;
  return new Map([...regex.pattern.names].map(([name, index]) => [name, groupText(input, match, index) ?? ""]));
}

function strptime(input: Json, [format]: readonly Json[], host: JqHost): Json {
  if (typeof input !== "string")
    throw new JqError(`strptime/1 requires string inputs and arguments, not ${described(input)}`);
  const parts = partsOf(input, expandedFormat(format, "strptime/1"), host);
  if (parts === null) throw new JqError(`date "${input}" does not match format "${String(format)}"`);
  const named = monthNames("en", "short").indexOf(parts.get("name")?.slice(0, 3) ?? "");
  const number = (name: string, fallback: number) => Number(parts.get(name) ?? fallback);
  const month = number("month", Math.max(named, 0) + 1) - 1;
  const clock = [number("hour", 0), number("minute", 0), number("second", 0)];
  const local = dateOf([number("year", 1900), month, number("day", 1), ...clock], "strptime/1");
  return brokenDown(local, local.second());
}

export const DATES: readonly [string, ValueFunction][] = [
  ["now/0", (_input, _args, host: JqHost) => host.nowMs / 1000],
  ["gmtime/0", gmtime],
  ["localtime/0", gmtime],
  ["mktime/0", mktime],
  ["strftime/1", strftime],
  ["strflocaltime/1", strftime],
  ["strptime/1", strptime],
];
