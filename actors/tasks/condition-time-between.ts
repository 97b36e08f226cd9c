import * as z from "zod";
import {
  conditionAliases,
  conditionType,
  dateProperty,
  dateText,
  dayText,
  listenerExample,
} from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|([+-])(\d{2}):(\d{2}))$/;

const timeOfDay = z.string().regex(TIME, "a time of day says its offset, such as 16:19:12+02:00");

const input = z.object({
  date: dateProperty,
  after: timeOfDay.describe("Time of day with its offset").optional(),
  before: timeOfDay.describe("Time of day with its offset").optional(),
});

/** Seconds since midnight in UTC: below 0 or above a day when it is another day there. */
function secondsOf(time: string): number {
  const [, hours, minutes, seconds = "0", sign = "+", offsetHours = "0", offsetMinutes = "0"] = TIME.exec(time) ?? [];
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60 * (sign === "-" ? -1 : 1);
  return (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds) - offset;
}

export const conditionTimeBetween: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("TimeBetween"),
  aliases: conditionAliases("TimeBetween"),
  title: "A time of day lies between two others",
  description: "Holds strictly between `after` and `before`, which say their offset, such as `16:19:12+02:00`.",
  input,
  examples: [
    {
      title: "In office hours",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.TimeBetween
  date: "{{ execution.startDate }}"
  after: "09:00:00+00:00"
  before: "17:00:00+00:00"`),
    },
  ],
  compile({ date, after, before }) {
    const seconds = `((${dateText(date)} | timestamp) - ((${dayText(date)} ~ 'T00:00:00Z') | timestamp))`;
    const parts = [
      ...(after === undefined ? [] : [`(${seconds} > ${secondsOf(after)})`]),
      ...(before === undefined ? [] : [`(${seconds} < ${secondsOf(before)})`]),
    ];
    return parts.length === 0 ? undefined : parts.join(" and ");
  },
};
