import * as z from "zod";
import type { InlineTask } from "./define.ts";
import { anyMap, dynamic } from "./property.ts";

const input = z.object({
  values: dynamic(anyMap()).describe("Names and values; texts are rendered, other values keep their type"),
});
type Props = z.output<typeof input>;

const output = z.object({ values: anyMap().describe("The rendered values") });

export const outputOutputValues: InlineTask<Props> = {
  type: "io.kestra.plugin.core.output.OutputValues",
  aliases: [],
  title: "Give several values back",
  description: "Renders a map of values and gives it back as `outputs.<task>.values.<name>`.",
  where: "inline",
  input,
  output,
  examples: [
    {
      title: "Two values for later tasks",
      yaml: `id: output_values
namespace: company.team
tasks:
  - id: facts
    type: io.kestra.plugin.core.output.OutputValues
    values:
      run: "{{ execution.id }}"
      limit: 10
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.facts.values.run }} may take {{ outputs.facts.values.limit }}"
`,
    },
  ],
  run(props) {
    return { outputs: { values: props.values } };
  },
};
