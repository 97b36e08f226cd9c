import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { eachValues, failed, nestedBranches } from "./flowable.ts";
import { anything, dynamic, nested } from "./property.ts";

const input = z.object({
  values: dynamic(anything()).describe(
    "A list, or an expression that gives the JSON text of one. Equal values are taken once",
  ),
  concurrencyLimit: dynamic(z.int().min(0)).default(1).describe("How many values at a time; 0 is all at once"),
  tasks: nested("tasks", { required: true }).describe("Run for each value"),
  ...nestedBranches,
});
type Props = z.output<typeof input>;

export const flowForEach: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.ForEach",
  aliases: ["io.kestra.core.tasks.flows.ForEach"],
  title: "Run tasks for each value of a list",
  description:
    "Runs its tasks, one after another, for each distinct value. `taskrun.value` is the value: text as it is, anything else as compact JSON text. Outputs of a child are read with `outputs.<task>[taskrun.value]`.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({}),
  examples: [
    {
      title: "Three values, two at a time",
      yaml: `id: for_each_value
namespace: company.team
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: [red, green, blue]
    concurrencyLimit: 2
    tasks:
      - id: show
        type: io.kestra.plugin.core.log.Log
        message: "{{ taskrun.value }}"
`,
    },
  ],
  expand(props) {
    const each = eachValues(props.values);
    if ("message" in each) return failed(each.message);
    return { expansion: { kind: "each", list: "tasks", values: each.values, concurrency: props.concurrencyLimit } };
  },
};
