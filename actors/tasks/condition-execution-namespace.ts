import * as z from "zod";
import { conditionAliases, conditionType, listenerExample, literal } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";

const input = z.object({
  namespace: z.string().describe("Namespace, or a part of its name"),
  comparison: z.enum(["EQUALS", "PREFIX", "SUFFIX"]).describe("Which part of the name must be the same").optional(),
  prefix: z.boolean().default(false).describe("As `comparison: PREFIX`"),
});

export const conditionExecutionNamespace: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("ExecutionNamespace"),
  aliases: conditionAliases("ExecutionNamespace"),
  title: "The execution is of a namespace",
  description: "Looks at the namespace of the execution.",
  input,
  examples: [
    {
      title: "Of all namespaces of a company",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.ExecutionNamespace
  namespace: company
  comparison: PREFIX`),
    },
  ],
  compile({ namespace, comparison, prefix }) {
    const how = comparison ?? (prefix ? "PREFIX" : "EQUALS");
    if (how === "EQUALS") return `observed.namespace == ${literal(namespace)}`;
    return `(observed.namespace | ${how === "PREFIX" ? "startsWith" : "endsWith"}(${literal(namespace)}))`;
  },
};
