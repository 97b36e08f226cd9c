import * as z from "zod";
import { conditionAliases, conditionType, listenerExample } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";
import { nested } from "./property.ts";

const input = z.object({
  conditions: nested("conditions", { required: true }).describe("None may hold"),
});

export const conditionNot: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("Not"),
  aliases: conditionAliases("Not"),
  title: "None of several conditions holds",
  description: "Holds when no condition within it holds.",
  input,
  nested: "list",
  examples: [
    {
      title: "Unless it succeeded",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.Not
  conditions:
    - type: io.kestra.plugin.core.condition.ExecutionStatus
      in: [SUCCESS]`),
    },
  ],
  compile: (_, inner) => (inner.length === 0 ? "true" : `not (${inner.map((one) => `(${one})`).join(" or ")})`),
};
