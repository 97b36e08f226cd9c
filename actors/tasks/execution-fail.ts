import * as z from "zod";
import { isTruthy } from "#expr/index.ts";
import type { InlineTask } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  condition: dynamic(z.string()).describe("Fail only when this is true").optional(),
  errorMessage: dynamic(z.string()).default("Task failure").describe("Written to the log as an error"),
});
type Props = z.output<typeof input>;

export const executionFail: InlineTask<Props> = {
  type: "io.kestra.plugin.core.execution.Fail",
  aliases: ["io.kestra.core.tasks.executions.Fail"],
  title: "Fail on purpose",
  description: "Fails, always or when `condition` holds, so that `errors` tasks run and the execution ends FAILED.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Refuse an unknown choice",
      yaml: `id: fail_on_choice
namespace: company.team
inputs:
  - id: stage
    type: STRING
    defaults: test
tasks:
  - id: check
    type: io.kestra.plugin.core.execution.Fail
    condition: "{{ inputs.stage == 'production' }}"
    errorMessage: "Not allowed: {{ inputs.stage }}"
`,
    },
  ],
  run(props, ctx) {
    if (props.condition === undefined) return { state: "FAILED", error: props.errorMessage };
    if (!isTruthy(props.condition)) return {};
    ctx.log("ERROR", props.errorMessage);
    return { state: "FAILED", error: "Fail on a condition" };
  },
};
