import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { anyMap, dynamic, typed } from "./property.ts";

const input = z.object({
  executionId: dynamic(z.string()).describe("The paused execution; this one when left out").optional(),
  namespace: dynamic(z.string()).describe("Namespace of its flow, together with `flowId`").optional(),
  flowId: dynamic(z.string()).describe("Its flow; the flow of this execution when left out").optional(),
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
  async run({ executionId, namespace, flowId, inputs }, ctx) {
    if (executionId === undefined && (namespace !== undefined || flowId !== undefined))
      throw new TaskFailure("`namespace` and `flowId` should only be set when `executionId` is set.");
    if ((namespace === undefined) !== (flowId === undefined))
      throw new TaskFailure("Both `namespace` and `flowId` must be set when `executionId` is set.");
    const id = executionId ?? ctx.executionId;
    const found = await ctx.executions.find(id);
    if (found?.namespace !== (namespace ?? ctx.flow.namespace) || found.flowId !== (flowId ?? ctx.flow.id))
      throw new TaskFailure(
        `Unable to find execution '${id}' of the flow ${namespace ?? ctx.flow.namespace}.${flowId ?? ctx.flow.id}`,
      );
    const by = `${ctx.flow.namespace}.${ctx.flow.id}`;
    const answer = await ctx.executions.command(id, { kind: "resume", by, ...(inputs && { inputs }) });
    if (!answer.ok) throw new TaskFailure(answer.message);
    return {};
  },
};
