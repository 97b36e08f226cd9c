import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { nestedBranches } from "./flowable.ts";
import { nested } from "./property.ts";

const input = z.object({
  tasks: nested("tasks", { required: true }).describe("Run one after another"),
  ...nestedBranches,
});

export const flowSequential: FlowableTask<unknown> = {
  type: "io.kestra.plugin.core.flow.Sequential",
  aliases: ["io.kestra.core.tasks.flows.Sequential"],
  title: "Run tasks one after another",
  description: "Groups tasks into one, for instance as a branch of Parallel.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({}),
  examples: [
    {
      title: "Two steps in a group with its own errors branch",
      yaml: `id: sequential_steps
namespace: company.team
tasks:
  - id: group
    type: io.kestra.plugin.core.flow.Sequential
    tasks:
      - id: first
        type: io.kestra.plugin.core.debug.Return
        format: one
      - id: second
        type: io.kestra.plugin.core.log.Log
        message: "{{ outputs.first.value }} is done"
    errors:
      - id: sorry
        type: io.kestra.plugin.core.log.Log
        message: the group failed
`,
    },
  ],
  expand() {
    return { expansion: { kind: "sequence", list: "tasks" } };
  },
};
