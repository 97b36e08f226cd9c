import { formatMoment } from "../dates/formats.ts";
import { epochSecond, type Moment, plus } from "../dates/moment.ts";
import { readMoment } from "../dates/read.ts";
import { zoneOf } from "../dates/zone.ts";
import type { ArgSpec, Args, Call, Filter } from "../entry.ts";
import { integer } from "../numbers.ts";
import type { Value } from "../value.ts";

const DEFAULT_LOCALE = "en";
/** Reading or printing a date costs as much as this many steps. */
const DATE_STEPS = 50;

const FORMAT_ARGS: readonly ArgSpec[] = [
  { name: "format", description: "a Java date pattern or a name such as iso", default: "iso" },
  { name: "timeZone", description: "the zone of the result; the server's when left out" },
  { name: "existingFormat", description: "the form of the input, when it is not ISO" },
  { name: "locale", description: "the language of names", default: DEFAULT_LOCALE },
];
const READ_ARGS: readonly ArgSpec[] = FORMAT_ARGS.slice(1, 3);

/** The input as a moment in the zone that the arguments name. */
export function momentOf(value: Value, args: Args, call: Call): Moment {
  call.step(DATE_STEPS);
  return readMoment(value, {
    zone: zoneOf(args.optionalText("timeZone") ?? call.timeZone),
    existingFormat: args.optionalText("existingFormat"),
    locale: args.optionalText("locale")?.replaceAll("_", "-") ?? DEFAULT_LOCALE,
  });
}

export function formatted(moment: Moment, args: Args, call: Call): string {
  call.step(DATE_STEPS + args.text("format").length);
  const locale = args.optionalText("locale")?.replaceAll("_", "-") ?? DEFAULT_LOCALE;
  return formatMoment(moment, args.text("format"), locale);
}

function timestamp(name: string, description: string, of: (moment: Moment) => Value, example: string): Filter {
  return {
    name,
    description,
    args: READ_ARGS,
    examples: [[`{{ '2013-09-08T15:19:12.123456789Z' | ${name} }}`, example]],
    run: (value, args, call) => of(momentOf(value, args, call)),
  };
}

/** The instant in parts of a second, as text: it may not fit into a JSON number. */
function parts(moment: Moment, perSecond: bigint): bigint {
  return BigInt(epochSecond(moment)) * perSecond + (BigInt(moment.local.nano()) * perSecond) / 1_000_000_000n;
}

export const DATE_FILTERS: readonly Filter[] = [
  {
    name: "date",
    description: "a date in another form",
    args: FORMAT_ARGS,
    examples: [["{{ '2013-09-08T17:19:12+02:00' | date('yyyy-MM-dd', timeZone='UTC') }}", "2013-09-08"]],
    run: (value, args, call) => formatted(momentOf(value, args, call), args, call),
  },
  {
    name: "dateAdd",
    description: "a date moved by an amount, then as in `date`",
    args: [
      { name: "amount", description: "an integer, negative for back", required: true },
      { name: "unit", description: "NANOS to CENTURIES, for example DAYS", required: true },
      ...FORMAT_ARGS,
    ],
    examples: [["{{ '2024-01-31' | dateAdd(1, 'MONTHS', 'yyyy-MM-dd') }}", "2024-02-29"]],
    run: (value, args, call) => {
      const moved = plus(momentOf(value, args, call), args.integer("amount"), args.text("unit"));
      return formatted(moved, args, call);
    },
  },
  timestamp("timestamp", "seconds since 1970", (moment) => integer(BigInt(epochSecond(moment))), "1378653552"),
  timestamp("timestampMilli", "milliseconds since 1970", (moment) => integer(parts(moment, 1000n)), "1378653552123"),
  timestamp(
    "timestampMicro",
    "microseconds since 1970, as text",
    (moment) => String(parts(moment, 1_000_000n)),
    "1378653552123456",
  ),
  timestamp(
    "timestampNano",
    "nanoseconds since 1970, as text",
    (moment) => String(parts(moment, 1_000_000_000n)),
    "1378653552123456789",
  ),
];
