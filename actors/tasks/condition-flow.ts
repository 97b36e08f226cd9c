import * as z from "zod";
import { conditionType, listenerExample, literal } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  namespace: z.string().describe("Namespace of the flow"),
  flowId: z.string().describe("Id of the flow"),
});

export const conditionFlow: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("FlowCondition"),
  aliases: ["io.kestra.core.models.conditions.types.FlowCondition"],
  title: "It stands in a flow",
  description: "Looks at the flow it stands in. Kestra calls it deprecated.",
  input,
  examples: [
    {
      title: "In one flow",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.FlowCondition
  namespace: company.team
  flowId: with_a_listener`),
    },
  ],
  compile: ({ namespace, flowId }) => `flow.namespace == ${literal(namespace)} and flow.id == ${literal(flowId)}`,
};
