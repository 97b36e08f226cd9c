import * as z from "zod";
import { conditionAliases, conditionType, holds, listenerExample } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  expression: dynamic(z.string()).describe("What is asked, over `trigger.outputs`"),
});

export const conditionExecutionOutputs: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("ExecutionOutputs"),
  aliases: conditionAliases("ExecutionOutputs"),
  title: "The outputs of the execution say so",
  description:
    "Holds when the execution has outputs and the expression is neither empty nor false. It reads them by `trigger.outputs`.",
  input,
  examples: [
    {
      title: "By an output",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.ExecutionOutputs
  expression: "{{ trigger.outputs.status == 'ready' }}"`),
    },
  ],
  compile: ({ expression }) => `(observed.outputs != null) and (${holds(expression)})`,
};
