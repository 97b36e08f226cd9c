import * as z from "zod";
import { formatDate, isNumber, numberText, toFloat, type Value } from "#expr/index.ts";
import { TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

// What conversions from and to Ion have in common. A record is a value of an expression, but for timestamps, which keep what they are.

/** A date, or a date and time, as Ion writes it. */
export class Timestamp {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  get isDate(): boolean {
    return /^\d{4}-\d\d-\d\d$/.test(this.text);
  }
  get hasTime(): boolean {
    return this.text.includes(":");
  }
}

/** For `ionRows`: the readers of these records know what a Timestamp is, everybody else has its text. */
export const asTimestamp = (text: string): Value => new Timestamp(text) as unknown as Value;

export function isTimestamp(value: unknown): value is Timestamp {
  return value instanceof Timestamp;
}

type Fields = Readonly<Record<string, Value>>;

/** The fields of a record; undefined when it is no map. */
export function fieldsOf(value: Value): Fields | undefined {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  return isMap && !isNumber(value) && !isTimestamp(value) ? (value as Fields) : undefined;
}

/** Compact JSON on one line. Nulls are kept, numbers too large for a JSON number in a program are written in full. */
export function jsonOf(value: Value, dateText: (timestamp: Timestamp) => string = ({ text }) => text): string {
  if (value === null) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "boolean") return String(value);
  if (isTimestamp(value)) return JSON.stringify(dateText(value));
  if (isNumber(value)) return Number.isFinite(toFloat(value)) ? numberText(value) : "null";
  if (Array.isArray(value)) return `[${value.map((item: Value) => jsonOf(item, dateText)).join(",")}]`;
  const entries = Object.entries(value as Fields);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${jsonOf(item, dateText)}`).join(",")}}`;
}

export const fromInput = dynamic(z.string()).describe("URI of the file");
export const charsetInput = dynamic(z.string())
  .default("UTF-8")
  .describe("Charset of the text, such as UTF-8 or ISO-8859-1");
export const timeZoneInput = dynamic(z.string())
  .describe("Time zone that dates and times are written in; UTC when left out")
  .optional();

export const dateInputs = {
  dateFormat: dynamic(z.string()).default("yyyy-MM-dd").describe("Pattern of dates"),
  timeFormat: dynamic(z.string())
    .default("HH:mm:ss[XXX]")
    .describe("Pattern of times; Ion has none, so it is never used"),
  dateTimeFormat: dynamic(z.string())
    .default("yyyy-MM-dd'T'HH:mm:ss.SSS[XXX]")
    .describe("Pattern of dates with a time"),
  timeZoneId: timeZoneInput,
};
export type DateFormats = { dateFormat: string; dateTimeFormat: string; timeZoneId?: string | undefined };

/** Writes a timestamp by these patterns. Throws a TaskFailure for a pattern or a zone that is none. */
export function dateWriter({ dateFormat, dateTimeFormat, timeZoneId = "UTC" }: DateFormats) {
  return (timestamp: Timestamp): string => {
    const { text, isDate, hasTime } = timestamp;
    if (!isDate && !hasTime) return text;
    try {
      return isDate ? formatDate(`${text}T00:00:00Z`, dateFormat, "UTC") : formatDate(text, dateTimeFormat, timeZoneId);
    } catch (error) {
      throw new TaskFailure(`The date ${text} cannot be written: ${error instanceof Error ? error.message : error}`);
    }
  };
}

/** The one character that `text` is; throws a TaskFailure that names the property. */
export function oneCharacter(text: string, property: string): string {
  if (text.length === 1 && text !== "\n" && text !== "\r") return text;
  throw new TaskFailure(`\`${property}\` must be one character, but is ${JSON.stringify(text.slice(0, 20))}.`);
}

/** Longest row or record of any format, in characters. */
export const MAX_RECORD_CHARACTERS = 16 * 1024 * 1024;

/** How many records went through. */
export type Counter = { count: number };

/** Text that goes before the first and behind the last of something. */
export async function* framed(before: string, texts: AsyncIterable<string>, after: string): AsyncGenerator<string> {
  if (before !== "") yield before;
  yield* texts;
  if (after !== "") yield after;
}
