import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { failed, nestedBranches } from "./flowable.ts";
import { anyMap, dynamic, textMap } from "./property.ts";

const input = z.object({
  namespace: z.string().describe("Namespace of the template"),
  templateId: z.string().describe("Id of the template"),
  args: dynamic(textMap()).describe("Values its tasks read as `parent.outputs.args.<name>`").optional(),
  errors: nestedBranches.errors,
});
type Props = z.output<typeof input>;

export const flowTemplate: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Template",
  aliases: ["io.kestra.core.tasks.flows.Template"],
  title: "Run the tasks of a template",
  description:
    "Deprecated: start a flow with Subflow instead. Runs the tasks of a template as if they stood here. An execution keeps the template as it was when it started.",
  where: "engine",
  nested: [],
  input,
  output: z.object({ args: anyMap().describe("The rendered `args`") }),
  examples: [
    {
      title: "A template that greets",
      yaml: `id: with_a_template
namespace: company.team
tasks:
  - id: greet
    type: io.kestra.plugin.core.flow.Template
    namespace: company.team
    templateId: greeting
    args:
      name: "{{ execution.id }}"
`,
    },
  ],
  expand({ namespace, templateId, args = {} }, { lists }) {
    if (lists.tasks === undefined)
      return failed(`Unable to find the template ${namespace}.${templateId}: nothing was pinned to this execution.`);
    return { expansion: { kind: "sequence", list: "tasks" }, outputs: { args } };
  },
};
