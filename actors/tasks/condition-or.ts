import * as z from "zod";
import { conditionAliases, conditionType, listenerExample } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";
import { nested } from "./property.ts";

const input = z.object({
  conditions: nested("conditions", { required: true }).describe("One must hold"),
});

export const conditionOr: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("Or"),
  aliases: conditionAliases("Or"),
  title: "One of several conditions holds",
  description: "Holds when a condition within it holds.",
  input,
  nested: "list",
  examples: [
    {
      title: "After a warning, or in production",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.Or
  conditions:
    - type: io.kestra.plugin.core.condition.ExecutionStatus
      in: [WARNING]
    - type: io.kestra.plugin.core.condition.ExecutionLabels
      labels:
        stage: production`),
    },
  ],
  compile: (_, inner) => (inner.length === 0 ? "false" : inner.map((one) => `(${one})`).join(" or ")),
};
