import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { nestedBranches } from "./flowable.ts";
import { nested } from "./property.ts";

const input = z.object({
  tasks: nested("tasks", { required: true }).describe("Run one after another"),
  ...nestedBranches,
});

export const flowAllowFailure: FlowableTask<unknown> = {
  type: "io.kestra.plugin.core.flow.AllowFailure",
  aliases: ["io.kestra.core.tasks.flows.AllowFailure"],
  title: "Go on although tasks failed",
  description:
    "Runs its tasks one after another. When one fails, its `errors` run, it ends WARNING, and the flow goes on.",
  where: "engine",
  nested: ["tasks"],
  allowsFailure: true,
  input,
  output: z.object({}),
  examples: [
    {
      title: "A failure that does not stop the flow",
      yaml: `id: allow_failure
namespace: company.team
tasks:
  - id: try
    type: io.kestra.plugin.core.flow.AllowFailure
    tasks:
      - id: fail
        type: io.kestra.plugin.core.execution.Fail
  - id: next
    type: io.kestra.plugin.core.log.Log
    message: still here
`,
    },
  ],
  expand() {
    return { expansion: { kind: "sequence", list: "tasks" } };
  },
};
