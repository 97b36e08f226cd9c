import * as z from "zod";
import {
  conditionAliases,
  conditionType,
  dateProperty,
  dayText,
  listenerExample,
  WEEKDAYS,
  weekday,
} from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  date: dateProperty,
  dayOfWeek: z.enum(WEEKDAYS).describe("Day of the week"),
  dayInMonth: z.enum(["FIRST", "SECOND", "THIRD", "FOURTH", "LAST"]).describe("Which of them"),
});

export const conditionDayWeekInMonth: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("DayWeekInMonth"),
  aliases: conditionAliases("DayWeekInMonth"),
  title: "A date is a certain weekday of its month",
  description: "Such as the first Monday or the last Friday of a month.",
  input,
  examples: [
    {
      title: "On the first Monday of a month",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.DayWeekInMonth
  date: "{{ execution.startDate }}"
  dayOfWeek: MONDAY
  dayInMonth: FIRST`),
    },
  ],
  compile({ date, dayOfWeek, dayInMonth }) {
    const day = dayText(date);
    const last = `(${day} | dateAdd(7, 'DAYS') | date('M')) != (${day} | date('M'))`;
    const number = `(${day} | date('d') | number)`;
    const to = (["FIRST", "SECOND", "THIRD", "FOURTH"].indexOf(dayInMonth) + 1) * 7;
    const which = dayInMonth === "LAST" ? last : `${number} > ${to - 7} and ${number} <= ${to}`;
    return `(${weekday(date)} == '${dayOfWeek}') and (${which})`;
  },
};
