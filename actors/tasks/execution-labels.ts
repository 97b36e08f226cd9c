import * as z from "zod";
import { isJsonObject } from "#schema/conform.ts";
import type { Label } from "#schema/event.ts";
import type { Json } from "#schema/json.ts";
import { type InlineTask, TaskFailure } from "./define.ts";
import { anything, dynamic } from "./property.ts";

const input = z.object({
  labels: dynamic(anything()).describe("A map, a list of `key` and `value`, or the JSON text of a map"),
});
type Props = z.output<typeof input>;

export const executionLabels: InlineTask<Props> = {
  type: "io.kestra.plugin.core.execution.Labels",
  aliases: ["io.kestra.core.tasks.executions.Labels"],
  title: "Add labels to the execution",
  description: "Adds labels to the running execution; a label with the same key is replaced.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Label by an input",
      yaml: `id: label_execution
namespace: company.team
inputs:
  - id: customer
    type: STRING
    defaults: acme
tasks:
  - id: label
    type: io.kestra.plugin.core.execution.Labels
    labels:
      customer: "{{ inputs.customer }}"
`,
    },
  ],
  run(props) {
    const labels = labelsOf(props.labels);
    const system = labels.find(({ key }) => key.startsWith("system."));
    if (system !== undefined)
      throw new TaskFailure(
        `System labels can only be set by Kestra itself, offending label: ${system.key}=${system.value}`,
      );
    return { updates: { labels } };
  },
};

function labelsOf(given: Json): Label[] {
  const value = typeof given === "string" ? parsedJson(given) : given;
  if (isJsonObject(value)) return Object.entries(value).map(([key, item]) => ({ key, value: asText(item) }));
  if (!Array.isArray(value)) throw new TaskFailure("`labels` must be a map, a list, or the JSON text of a map.");
  return value.map((item) => {
    if (isJsonObject(item) && typeof item.key === "string" && item.value !== undefined)
      return { key: item.key, value: asText(item.value) };
    throw new TaskFailure("Each of the `labels` in a list must have a `key` and a `value`.");
  });
}

const asText = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
