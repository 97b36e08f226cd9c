import * as z from "zod";
import type { InlineTask } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  state: dynamic(z.enum(["SUCCESS", "WARNING", "FAILED", "KILLED", "CANCELED", "CANCELLED"]))
    .default("SUCCESS")
    .describe("The state the execution ends in"),
});
type Props = z.output<typeof input>;

export const executionExit: InlineTask<Props> = {
  type: "io.kestra.plugin.core.execution.Exit",
  aliases: [],
  title: "End the execution now",
  description:
    "Ends the execution in a state. Nothing new is started but `finally`; what runs elsewhere is left to finish and changes nothing. With KILLED or CANCELLED everything is stopped, as by a kill, and `finally` does not run.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Nothing to do today",
      yaml: `id: exit_early
namespace: company.team
inputs:
  - id: rows
    type: INT
    defaults: 0
tasks:
  - id: check
    type: io.kestra.plugin.core.flow.If
    condition: "{{ inputs.rows == 0 }}"
    then:
      - id: exit
        type: io.kestra.plugin.core.execution.Exit
        state: WARNING
  - id: work
    type: io.kestra.plugin.core.log.Log
    message: "{{ inputs.rows }} rows"
`,
    },
  ],
  run({ state }) {
    return { updates: { exit: state === "CANCELED" ? "CANCELLED" : state } };
  },
};
