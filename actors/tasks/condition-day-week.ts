import * as z from "zod";
import {
  conditionAliases,
  conditionType,
  dateProperty,
  listenerExample,
  WEEKDAYS,
  weekday,
} from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  date: dateProperty,
  dayOfWeek: z.enum(WEEKDAYS).describe("Day of the week"),
});

export const conditionDayWeek: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("DayWeek"),
  aliases: conditionAliases("DayWeek"),
  title: "A date is a certain day of the week",
  description: "Looks at the day of the week of a date.",
  input,
  examples: [
    {
      title: "On Mondays",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.DayWeek
  date: "{{ execution.startDate }}"
  dayOfWeek: MONDAY`),
    },
  ],
  compile: ({ date, dayOfWeek }) => `${weekday(date)} == '${dayOfWeek}'`,
};
