import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { eachValues, failed, nestedBranches } from "./flowable.ts";
import { anything, dynamic, nested } from "./property.ts";

const input = z.object({
  value: dynamic(anything()).describe(
    "A list, or an expression that gives the JSON text of one. Equal values are taken once",
  ),
  concurrent: dynamic(z.int().min(0)).default(0).describe("How many pairs at a time; 0 is no limit"),
  tasks: nested("tasks", { required: true }).describe("Run for each value"),
  ...nestedBranches,
});
type Props = z.output<typeof input>;

export const flowEachParallel: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.EachParallel",
  aliases: ["io.kestra.core.tasks.flows.EachParallel"],
  title: "Run tasks for each value at the same time",
  description:
    "The older parallel form of ForEach: every pair of value and task starts on its own, in no order. Wrap the tasks in Sequential to order them, or use `io.kestra.plugin.core.flow.ForEach`.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({}),
  examples: [
    {
      title: "Two values at once",
      yaml: `id: each_parallel
namespace: company.team
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.EachParallel
    value: ["a", "b"]
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
    return {
      expansion: { kind: "each", list: "tasks", values: each.values, concurrency: props.concurrent, spread: true },
    };
  },
};
