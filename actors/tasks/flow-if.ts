import * as z from "zod";
import { isTruthy } from "#expr/index.ts";
import type { FlowableTask } from "./define.ts";
import { nestedBranches } from "./flowable.ts";
import { dynamic, nested } from "./property.ts";

const input = z.object({
  condition: dynamic(z.string()).describe("False when it gives `false`, `0` or nothing; else true"),
  // biome-ignore lint/suspicious/noThenProperty: the property's name in the dialect; the schema's shape is never awaited
  then: nested("tasks", { required: true }).describe("Run when the condition is true"),
  else: nested("tasks").describe("Run when it is false"),
  ...nestedBranches,
});
type Props = Pick<z.output<typeof input>, "condition">;

export const flowIf: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.If",
  aliases: ["io.kestra.core.tasks.flows.If"],
  title: "Run tasks when a condition holds",
  description:
    "Evaluates `condition` once and runs `then` or `else`, one task after another. Without `else` nothing is run.",
  where: "engine",
  nested: ["then", "else"],
  input,
  output: z.object({ evaluationResult: z.boolean().describe("What the condition gave") }),
  examples: [
    {
      title: "Greet or refuse",
      yaml: `id: if_adult
namespace: company.team
inputs:
  - id: age
    type: INT
    defaults: 21
tasks:
  - id: check
    type: io.kestra.plugin.core.flow.If
    condition: "{{ inputs.age >= 18 }}"
    then:
      - id: welcome
        type: io.kestra.plugin.core.log.Log
        message: Welcome
    else:
      - id: refuse
        type: io.kestra.plugin.core.log.Log
        message: Come back later
`,
    },
  ],
  expand(props, ctx) {
    const evaluationResult = isTruthy(props.condition);
    const outputs = { evaluationResult };
    if (evaluationResult) return { expansion: { kind: "sequence", list: "then" }, outputs };
    if (ctx.lists.else !== undefined) return { expansion: { kind: "sequence", list: "else" }, outputs };
    return { expansion: { kind: "nothing", state: "SUCCESS" }, outputs };
  },
};
