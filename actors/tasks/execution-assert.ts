import * as z from "zod";
import { isTruthy } from "#expr/index.ts";
import type { InlineTask } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  conditions: dynamic(z.array(z.string())).describe(
    "All must hold: one that gives `false`, `0` or nothing fails the task",
  ),
  errorMessage: dynamic(z.string()).describe("Why it matters; added to the error").optional(),
});
type Props = z.output<typeof input>;

export const executionAssert: InlineTask<Props> = {
  type: "io.kestra.plugin.core.execution.Assert",
  aliases: [],
  title: "Fail unless conditions hold",
  description: "Checks each of its conditions, writes those that do not hold to the log, and fails when there are any.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Check an input",
      yaml: `id: assert_input
namespace: company.team
inputs:
  - id: stage
    type: STRING
    defaults: test
tasks:
  - id: check
    type: io.kestra.plugin.core.execution.Assert
    errorMessage: "Unknown stage: {{ inputs.stage }}"
    conditions:
      - "{{ inputs.stage == 'test' or inputs.stage == 'production' }}"
      - "{{ inputs.stage is not empty }}"
`,
    },
  ],
  run({ conditions, errorMessage }, ctx) {
    const broken = conditions.flatMap((condition, index) => (isTruthy(condition) ? [] : [index + 1]));
    ctx.metric({ name: "failed", type: "counter", value: broken.length });
    ctx.metric({ name: "success", type: "counter", value: conditions.length - broken.length });
    if (broken.length === 0) return {};
    for (const number of broken) ctx.log("ERROR", `Condition ${number} of ${conditions.length} does not hold.`);
    const error = `${broken.length} of ${conditions.length} conditions do not hold.`;
    return { state: "FAILED", error: errorMessage === undefined ? error : `${error} ${errorMessage}` };
  },
};
