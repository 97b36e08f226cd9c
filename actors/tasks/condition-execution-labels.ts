import * as z from "zod";
import { conditionAliases, conditionType, listenerExample, literal } from "./condition-common.ts";
import type { ConditionDefinition } from "./define.ts";
import { labelMap } from "./property.ts";

const input = z.object({
  labels: labelMap().describe("Labels that it must have"),
});

export const conditionExecutionLabels: ConditionDefinition<z.output<typeof input>> = {
  type: conditionType("ExecutionLabels"),
  aliases: conditionAliases("ExecutionLabels"),
  title: "The execution has labels",
  description: "Holds when the execution has each of the labels, with the same value.",
  input,
  examples: [
    {
      title: "Of one team",
      yaml: listenerExample(`- type: io.kestra.plugin.core.condition.ExecutionLabels
  labels:
    team: engineering`),
    },
  ],
  compile({ labels }) {
    const pairs = Array.isArray(labels)
      ? labels.map(({ key, value }) => [key, value] as const)
      : Object.entries(labels);
    const parts = pairs.map(([key, value]) => `(observed.labels[${literal(key)}] ?? null) == ${literal(value)}`);
    return parts.length === 0 ? "true" : parts.map((part) => `(${part})`).join(" and ");
  },
};
