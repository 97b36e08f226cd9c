import * as z from "zod";
import { type InlineTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  variables: dynamic(z.array(z.string())).describe("Names of variables"),
  ignoreMissing: dynamic(z.boolean()).default(false).describe("Names that are no variables are no failure"),
});
type Props = z.output<typeof input>;

export const executionUnsetVariables: InlineTask<Props> = {
  type: "io.kestra.plugin.core.execution.UnsetVariables",
  aliases: [],
  title: "Take variables of the execution away",
  description: "Takes variables away, those of the flow too: later tasks no longer find them in `vars`.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Set, use, take away",
      yaml: `id: unset_variables
namespace: company.team
tasks:
  - id: set
    type: io.kestra.plugin.core.execution.SetVariables
    variables:
      token: abc
  - id: use
    type: io.kestra.plugin.core.log.Log
    message: "{{ vars.token }}"
  - id: unset
    type: io.kestra.plugin.core.execution.UnsetVariables
    variables:
      - token
`,
    },
  ],
  run({ variables, ignoreMissing }, ctx) {
    const missing = variables.filter((name) => !Object.hasOwn(ctx.variables, name));
    if (missing.length > 0 && !ignoreMissing)
      throw new TaskFailure(`There are no such variables: ${missing.join(", ")}. Set \`ignoreMissing\` to allow it.`);
    return { updates: { unset: variables } };
  },
};
