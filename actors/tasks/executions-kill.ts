import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { anyMap, dynamic } from "./property.ts";

const input = z.object({
  executionId: dynamic(z.string()).describe("The execution to kill; this one when left out").optional(),
  propagateKill: dynamic(z.boolean()).default(true).describe("Kill the executions that it started and waits for, too"),
  kestraUrl: dynamic(z.string()).describe("Ignored: the execution is one of this server").optional(),
  tenantId: dynamic(z.string()).describe("Ignored: the tenant is that of this execution").optional(),
  auth: dynamic(anyMap()).describe("Ignored: a flow may kill executions of its own tenant").optional(),
});
type Props = z.output<typeof input>;

export const executionsKill: EdgeTask<Props> = {
  type: "io.kestra.plugin.kestra.executions.Kill",
  aliases: [],
  title: "Kill an execution",
  description: "Kills an execution that has not ended; one that has is left as it is.",
  where: "edge",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Kill the execution whose id is given",
      yaml: `id: kill_execution
namespace: company.team
inputs:
  - id: execution
    type: STRING
tasks:
  - id: kill
    type: io.kestra.plugin.kestra.executions.Kill
    executionId: "{{ inputs.execution }}"
    propagateKill: false
`,
    },
  ],
  async run({ executionId, propagateKill }, ctx) {
    const id = executionId ?? ctx.executionId;
    const answer = await ctx.executions.command(id, { kind: "kill", cascade: propagateKill });
    if (answer.ok) return {};
    if (answer.status !== 409) throw new TaskFailure(answer.message);
    ctx.log("INFO", answer.message);
    return {};
  },
};
