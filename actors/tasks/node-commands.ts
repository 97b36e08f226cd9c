import * as z from "zod";
import type { AgentTask } from "./define.ts";
import { commandList, dependencyInput, scriptInput, scriptOutput } from "./script-common.ts";

export const nodeCommands: AgentTask = {
  type: "io.kestra.plugin.scripts.node.Commands",
  aliases: [],
  title: "Run commands with Node",
  description:
    'Runs commands on an agent, in a container with Node unless `taskRunner` says otherwise. Values are given back by a line `::{"outputs": {...}}::` on its output.',
  where: "agent",
  input: z.object({ commands: commandList, ...dependencyInput, ...scriptInput }),
  output: scriptOutput,
  examples: [
    {
      title: "Run a file",
      yaml: `id: node_commands
namespace: company.team
tasks:
  - id: run
    type: io.kestra.plugin.scripts.node.Commands
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    inputFiles:
      main.js: console.log("hello")
    commands:
      - node main.js
`,
    },
  ],
};
