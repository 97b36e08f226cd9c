import * as z from "zod";
import { conditionAliases, conditionType, listenerExample, literal } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  namespace: z.string().describe("Namespace of the flow"),
  flowId: z.string().describe("Id of the flow"),
});

export const conditionExecutionFlow: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("ExecutionFlow"),
  aliases: conditionAliases("ExecutionFlow"),
  title: "The execution is of a flow",
  description: "Looks at the flow of the execution, by its namespace and id.",
  input,
  examples: [
    {
      title: "Of one flow",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.ExecutionFlow
  namespace: company.team
  flowId: with_a_listener`),
    },
  ],
  compile: ({ namespace, flowId }) =>
    `observed.namespace == ${literal(namespace)} and observed.flowId == ${literal(flowId)}`,
};
