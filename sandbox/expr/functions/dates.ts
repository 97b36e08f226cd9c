import { epochSecond, type Moment, momentOfInstant } from "../dates/moment.ts";
import { zoneOf } from "../dates/zone.ts";
import type { ArgSpec, Args, Call, Example, Func } from "../entry.ts";
import { argumentError } from "../errors.ts";
import { formatted, momentOf } from "../filters/dates.ts";
import type { Value } from "../value.ts";

const DATE: ArgSpec = { name: "date", description: "a date as text or epoch seconds", required: true };
const ZONE: ArgSpec = { name: "timeZone", description: "the zone to look at it in; the server's when left out" };

/** A function of a date. */
function ofDate(name: string, description: string, example: Example, of: (moment: Moment) => Value): Func {
  return {
    name,
    description,
    args: [DATE, ZONE],
    examples: [example],
    run: (args, call) => of(momentOf(args.value("date"), args, call)),
  };
}

function compare(args: Args, call: Call, left: string, right: string): number {
  const [a, b] = [left, right].map((name) => momentOf(args.value(name), args, call));
  if (a === undefined || b === undefined) return 0;
  return epochSecond(a) - epochSecond(b) || a.local.nano() - b.local.nano();
}

const POSITIONS: ReadonlyMap<string, number> = new Map([
  ["FIRST", 1],
  ["SECOND", 2],
  ["THIRD", 3],
  ["FOURTH", 4],
  ["LAST", -1],
]);

function isDayWeekInMonth(args: Args, call: Call): boolean {
  const { local } = momentOf(args.value("date"), args, call);
  const position = POSITIONS.get(args.text("position").toUpperCase());
  if (position === undefined) throw argumentError(`The 'position' is one of ${[...POSITIONS.keys()].join(", ")}.`);
  if (local.dayOfWeek().name() !== args.text("dayOfWeek").toUpperCase()) return false;
  if (position > 0) return Math.ceil(local.dayOfMonth() / 7) === position;
  return local.plusDays(7).monthValue() !== local.monthValue();
}

export const DATE_FUNCTIONS: readonly Func[] = [
  {
    name: "now",
    description: "the current date, formatted as in the filter `date`",
    args: [
      { name: "format", description: "a Java date pattern or a name such as iso", default: "iso" },
      { name: "timeZone", description: "the zone; the server's when left out" },
      { name: "existingFormat", description: "without meaning here" },
      { name: "locale", description: "the language of names", default: "en" },
    ],
    examples: [["{{ now() | length > 20 }}", "true"]],
    run: (args, call) => {
      const second = Math.floor(call.nowMs / 1000);
      const nano = Math.round((call.nowMs - second * 1000) * 1e6);
      return formatted(
        momentOfInstant(second, nano, zoneOf(args.optionalText("timeZone") ?? call.timeZone)),
        args,
        call,
      );
    },
  },
  ofDate("dayOfWeek", "the day's name, MONDAY to SUNDAY", ["{{ dayOfWeek('2024-01-01') }}", "MONDAY"], ({ local }) =>
    local.dayOfWeek().name(),
  ),
  ofDate("dayOfMonth", "1 to 31", ["{{ dayOfMonth('2024-01-31') }}", "31"], ({ local }) => local.dayOfMonth()),
  ofDate("monthOfYear", "1 to 12", ["{{ monthOfYear('2024-02-01') }}", "2"], ({ local }) => local.monthValue()),
  ofDate("hourOfDay", "0 to 23", ["{{ hourOfDay('2024-02-01T13:05:00Z') }}", "13"], ({ local }) => local.hour()),
  ofDate(
    "isWeekend",
    "whether it is Saturday or Sunday",
    ["{{ isWeekend('2024-01-06') }}", "true"],
    ({ local }) => local.dayOfWeek().value() > 5,
  ),
  {
    name: "isDayWeekInMonth",
    description: "whether it is a certain weekday of its month, such as the first Monday",
    args: [
      DATE,
      { name: "dayOfWeek", description: "MONDAY to SUNDAY", required: true },
      { name: "position", description: "FIRST, SECOND, THIRD, FOURTH or LAST", required: true },
      ZONE,
    ],
    examples: [["{{ isDayWeekInMonth('2024-01-01', 'MONDAY', 'FIRST') }}", "true"]],
    run: isDayWeekInMonth,
  },
  {
    name: "isPublicHoliday",
    description: "whether it is a public holiday",
    args: [
      DATE,
      { name: "countryCode", description: "two letters (ISO 3166-1)" },
      { name: "subDivision", description: "for example DE-BY (ISO 3166-2)" },
    ],
    examples: [],
    run: (args, call) => {
      const date = momentOf(args.value("date"), args, call).local.toLocalDate().toString();
      const country = { countryCode: args.value("countryCode"), subDivision: args.value("subDivision") };
      return call.lookup("isPublicHoliday", { date, ...country });
    },
  },
  {
    name: "isDateBefore",
    description: "whether a date is before another",
    args: [DATE, { name: "before", description: "the other date", required: true }, ZONE],
    examples: [["{{ isDateBefore('2024-01-01', '2024-01-02') }}", "true"]],
    run: (args, call) => compare(args, call, "date", "before") < 0,
  },
  {
    name: "isDateAfter",
    description: "whether a date is after another",
    args: [DATE, { name: "after", description: "the other date", required: true }, ZONE],
    examples: [["{{ isDateAfter('2024-01-01', '2024-01-02') }}", "false"]],
    run: (args, call) => compare(args, call, "date", "after") > 0,
  },
  {
    name: "isDateBetween",
    description: "whether a date is after one and before another",
    args: [
      DATE,
      { name: "after", description: "the earlier date", required: true },
      { name: "before", description: "the later date", required: true },
      ZONE,
    ],
    examples: [["{{ isDateBetween('2024-01-02', '2024-01-01', '2024-01-03') }}", "true"]],
    run: (args, call) => compare(args, call, "date", "after") > 0 && compare(args, call, "date", "before") < 0,
  },
];
