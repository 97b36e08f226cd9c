import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { otherExecution, otherExecutionInput } from "./other-execution.ts";
import { anyMap, typed } from "./property.ts";

const input = z.object({
  ...otherExecutionInput,
  inputs: typed(anyMap()).describe("What the paused task asks for").optional(),
});
type Props = z.output<typeof input>;

export const executionResume: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.execution.Resume",
  aliases: [],
  title: "Resume a paused execution",
  description:
    "Resumes an execution that waits at a Pause task, with the inputs it asks for. Fails when it is not paused.",
  where: "edge",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Resume the execution whose id is given",
      yaml: `id: resume_execution
namespace: company.team
inputs:
  - id: execution
    type: STRING
tasks:
  - id: resume
    type: io.kestra.plugin.core.execution.Resume
    executionId: "{{ inputs.execution }}"
    namespace: company.team
    flowId: pause_for_approval
    inputs:
      reason: approved by a flow
`,
    },
  ],
  async run({ inputs, ...named }, ctx) {
    const { id } = await otherExecution(named, ctx);
    const by = `${ctx.flow.namespace}.${ctx.flow.id}`;
    const answer = await ctx.executions.command(id, { kind: "resume", by, ...(inputs && { inputs }) });
    if (!answer.ok) throw new TaskFailure(answer.message);
    return {};
  },
};
