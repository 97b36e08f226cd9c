import * as z from "zod";
import { conditionAliases, conditionType, dateProperty, listenerExample, weekday } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  date: dateProperty,
});

export const conditionWeekend: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("Weekend"),
  aliases: conditionAliases("Weekend"),
  title: "A date is on a weekend",
  description: "Holds on Saturdays and Sundays.",
  input,
  examples: [
    {
      title: "At the weekend",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.Weekend
  date: "{{ execution.startDate }}"`),
    },
  ],
  compile: ({ date }) => `['SATURDAY', 'SUNDAY'] contains ${weekday(date)}`,
};
