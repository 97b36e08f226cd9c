import * as z from "zod";
import type { AgentTask } from "./define.ts";
import { scriptInput, scriptOutput, scriptText } from "./script-common.ts";

export const shellScript: AgentTask = {
  type: "io.kestra.plugin.scripts.shell.Script",
  aliases: [],
  title: "Run a shell script",
  description:
    'Runs a script on an agent, in a container unless `taskRunner` says otherwise. Values are given back by a line `::{"outputs": {...}}::` on its output.',
  where: "agent",
  input: z.object({ script: scriptText, ...scriptInput }),
  output: scriptOutput,
  examples: [
    {
      title: "A loop",
      yaml: `id: shell_script
namespace: company.team
tasks:
  - id: run
    type: io.kestra.plugin.scripts.shell.Script
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    env:
      COUNT: "3"
    script: |
      for n in $(seq "$COUNT"); do
        echo "turn $n"
      done
`,
    },
  ],
};
