import * as z from "zod";
import { conditionAliases, conditionType, holds, listenerExample } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  expression: dynamic(z.string()).describe("What is asked"),
});

export const conditionExpression: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("Expression"),
  aliases: [...conditionAliases("Expression"), "io.kestra.core.models.conditions.types.VariableCondition"],
  title: "An expression is true",
  description: "Holds when the rendered text is neither empty nor `false`.",
  input,
  examples: [
    {
      title: "By an input",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.Expression
  expression: "{{ execution.state == 'FAILED' }}"`),
    },
  ],
  compile: ({ expression }) => holds(expression),
};
