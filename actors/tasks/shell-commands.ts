import * as z from "zod";
import type { AgentTask } from "./define.ts";
import { commandList, scriptInput, scriptOutput } from "./script-common.ts";

export const shellCommands: AgentTask = {
  type: "io.kestra.plugin.scripts.shell.Commands",
  aliases: [],
  title: "Run shell commands",
  description:
    'Runs commands on an agent, in a container unless `taskRunner` says otherwise. Values are given back by a line `::{"outputs": {...}}::` on its output.',
  where: "agent",
  input: z.object({ commands: commandList, ...scriptInput }),
  output: scriptOutput,
  examples: [
    {
      title: "On the agent's own machine, with a value back",
      yaml: `id: shell_commands
namespace: company.team
tasks:
  - id: run
    type: io.kestra.plugin.scripts.shell.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    commands:
      - echo "working in {{ workingDir }}"
      - |
        echo '::{"outputs":{"answer":42}}::'
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.run.vars.answer }}"
`,
    },
    {
      title: "In a container, keeping a file",
      yaml: `id: shell_container
namespace: company.team
tasks:
  - id: run
    type: io.kestra.plugin.scripts.shell.Commands
    containerImage: ubuntu:24.04
    outputFiles:
      - out.txt
    commands:
      - date > out.txt
`,
    },
  ],
};
