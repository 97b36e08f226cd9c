import * as z from "zod";
import {
  conditionAliases,
  conditionType,
  dateProperty,
  dateText,
  listenerExample,
  literal,
} from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  date: dateProperty,
  after: z.string().describe("Date and time with its zone").optional(),
  before: z.string().describe("Date and time with its zone").optional(),
});

export const conditionDateTimeBetween: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("DateTimeBetween"),
  aliases: conditionAliases("DateTimeBetween"),
  title: "A date lies between two others",
  description: "Holds strictly between `after` and `before`; one of them is enough.",
  input,
  examples: [
    {
      title: "Since a date",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.DateTimeBetween
  date: "{{ execution.startDate }}"
  after: "2024-01-01T00:00:00Z"`),
    },
  ],
  compile({ date, after, before }) {
    const at = `(${dateText(date)} | timestamp)`;
    const parts = [
      ...(after === undefined ? [] : [`(${at} > (${literal(after)} | timestamp))`]),
      ...(before === undefined ? [] : [`(${at} < (${literal(before)} | timestamp))`]),
    ];
    return parts.length === 0 ? undefined : parts.join(" and ");
  },
};
