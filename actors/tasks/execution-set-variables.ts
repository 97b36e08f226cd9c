import * as z from "zod";
import { jsonSize, MAX_VALUE_CHARACTERS } from "#schema/value-size.ts";
import { type InlineTask, TaskFailure } from "./define.ts";
import { anyMap, dynamic, typed } from "./property.ts";

const input = z.object({
  variables: typed(anyMap()).describe("Names and values; an expression alone keeps the type of its value"),
  overwrite: dynamic(z.boolean()).default(true).describe("Replace variables that are there; if false, fail"),
});
type Props = z.output<typeof input>;

export const executionSetVariables: InlineTask<Props> = {
  type: "io.kestra.plugin.core.execution.SetVariables",
  aliases: [],
  title: "Set variables of the execution",
  description: "Sets variables that later tasks read with `vars.<name>`. Maps are merged into the maps that are there.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "A new variable, and one with another value",
      yaml: `id: set_variables
namespace: company.team
variables:
  name: World
tasks:
  - id: set
    type: io.kestra.plugin.core.execution.SetVariables
    variables:
      message: Hello
      name: Jane
  - id: hello
    type: io.kestra.plugin.core.log.Log
    message: "{{ vars.message }} {{ vars.name }}"
`,
    },
  ],
  run({ variables, overwrite }, ctx) {
    const taken = overwrite ? [] : Object.keys(variables).filter((name) => Object.hasOwn(ctx.variables, name));
    if (taken.length > 0)
      throw new TaskFailure(`The variables are there already, and \`overwrite\` is false: ${taken.join(", ")}`);
    const size = jsonSize([ctx.variables, variables], MAX_VALUE_CHARACTERS);
    if (size > MAX_VALUE_CHARACTERS)
      throw new TaskFailure(
        `All variables together would take about ${size} characters, ${MAX_VALUE_CHARACTERS} are allowed: write large values to a file and set its URI.`,
      );
    return { updates: { variables } };
  },
};
