import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { nestedBranches } from "./flowable.ts";
import { dynamic, nested } from "./property.ts";

const input = z.object({
  tasks: nested("tasks", { required: true }).describe("Started together; their order means nothing"),
  concurrent: dynamic(z.int().min(0)).default(0).describe("How many run at a time; 0 is no limit"),
  ...nestedBranches,
});
type Props = z.output<typeof input>;

export const flowParallel: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Parallel",
  aliases: ["io.kestra.core.tasks.flows.Parallel"],
  title: "Run tasks at the same time",
  description:
    "Starts its tasks together. After a failure no new one is started. A task must not read the outputs of its siblings.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({}),
  examples: [
    {
      title: "Three tasks, two at a time",
      yaml: `id: parallel_three
namespace: company.team
tasks:
  - id: together
    type: io.kestra.plugin.core.flow.Parallel
    concurrent: 2
    tasks:
      - id: a
        type: io.kestra.plugin.core.debug.Return
        format: a
      - id: b
        type: io.kestra.plugin.core.debug.Return
        format: b
      - id: c
        type: io.kestra.plugin.core.debug.Return
        format: c
`,
    },
  ],
  expand(props) {
    return { expansion: { kind: "parallel", list: "tasks", concurrency: props.concurrent } };
  },
};
