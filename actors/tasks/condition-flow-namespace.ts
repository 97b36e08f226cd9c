import * as z from "zod";
import { conditionType, listenerExample, literal } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  namespace: z.string().describe("Namespace, or its first part"),
  prefix: z.boolean().default(false).describe("Namespaces that begin so, too"),
});

export const conditionFlowNamespace: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("FlowNamespaceCondition"),
  aliases: ["io.kestra.core.models.conditions.types.FlowNamespaceCondition"],
  title: "It stands in a namespace",
  description: "Looks at the namespace of the flow it stands in. Kestra calls it deprecated.",
  input,
  examples: [
    {
      title: "In all namespaces of a company",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.FlowNamespaceCondition
  namespace: company
  prefix: true`),
    },
  ],
  compile: ({ namespace, prefix }) =>
    prefix ? `(flow.namespace | startsWith(${literal(namespace)}))` : `flow.namespace == ${literal(namespace)}`,
};
