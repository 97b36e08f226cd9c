import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { eachValues, failed, nestedBranches } from "./flowable.ts";
import { anything, dynamic, nested } from "./property.ts";

const input = z.object({
  value: dynamic(anything()).describe(
    "A list, or an expression that gives the JSON text of one. Equal values are taken once",
  ),
  tasks: nested("tasks", { required: true }).describe("Run for each value"),
  ...nestedBranches,
});
type Props = z.output<typeof input>;

export const flowEachSequential: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.EachSequential",
  aliases: ["io.kestra.core.tasks.flows.EachSequential"],
  title: "Run tasks for each value, one after another",
  description:
    "The older form of ForEach with `concurrencyLimit: 1`; use `io.kestra.plugin.core.flow.ForEach` in new flows.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({}),
  examples: [
    {
      title: "One value after another",
      yaml: `id: each_sequential
namespace: company.team
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.EachSequential
    value: '["a", "b"]'
    tasks:
      - id: show
        type: io.kestra.plugin.core.debug.Return
        format: "{{ taskrun.value }}"
`,
    },
  ],
  expand(props) {
    const each = eachValues(props.value);
    if ("message" in each) return failed(each.message);
    return { expansion: { kind: "each", list: "tasks", values: each.values, concurrency: 1 } };
  },
};
