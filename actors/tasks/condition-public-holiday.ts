import * as z from "zod";
import { conditionAliases, conditionType, dateProperty, listenerExample } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  date: dateProperty,
  country: dynamic(z.string()).describe("Country, by its ISO 3166 code").optional(),
  subDivision: dynamic(z.string()).describe("Part of the country, by its ISO 3166-2 code").optional(),
});

export const conditionPublicHoliday: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("PublicHoliday"),
  aliases: conditionAliases("PublicHoliday"),
  title: "A date is a public holiday",
  description: "Holidays are not known here yet: such a condition never holds.",
  input,
  examples: [
    {
      title: "On holidays in France",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.PublicHoliday
  date: "{{ execution.startDate }}"
  country: FR`),
    },
  ],
  compile: () => undefined,
};
