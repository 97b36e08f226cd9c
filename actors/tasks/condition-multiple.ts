import * as z from "zod";
import { conditionType, listenerExample } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";
import { anyMap, deprecated, nested } from "./property.ts";

const input = z.object({
  id: z.string().describe("Name of the window"),
  timeWindow: anyMap().describe("The time in which all must be met").optional(),
  resetOnSuccess: z.boolean().default(true).describe("Forget what was met once all were"),
  conditions: nested("conditions", { required: true }).describe("By name; each must be met"),
  window: deprecated(z.string(), "`timeWindow`").describe("How long the time is").optional(),
  windowAdvance: deprecated(z.string(), "`timeWindow`").describe("How much later it begins").optional(),
  timeSLA: deprecated(anyMap(), "`timeWindow`").describe("As `timeWindow`").optional(),
  sla: deprecated(anyMap(), "`timeWindow`").describe("As `timeWindow`").optional(),
});

export const conditionMultiple: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("MultipleCondition"),
  aliases: ["io.kestra.core.models.conditions.types.MultipleCondition"],
  title: "Several executions met their conditions within a time",
  description: "For triggers. No expression can tell: it needs what was seen before. Kestra calls it deprecated.",
  input,
  nested: "map",
  examples: [
    {
      title: "Two flows within a day",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.MultipleCondition
  id: both
  conditions:
    a:
      type: io.kestra.plugin.core.condition.ExecutionFlow
      namespace: company.team
      flowId: a
    b:
      type: io.kestra.plugin.core.condition.ExecutionFlow
      namespace: company.team
      flowId: b`),
    },
  ],
  compile: () => undefined,
};
