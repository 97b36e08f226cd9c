import * as z from "zod";
import type { AgentTask } from "./define.ts";
import { pythonInput } from "./python-common.ts";
import { commandList, dependencyInput, scriptInput, scriptOutput } from "./script-common.ts";

export const pythonCommands: AgentTask = {
  type: "io.kestra.plugin.scripts.python.Commands",
  aliases: [],
  title: "Run commands with Python",
  description:
    'Runs commands on an agent, in a container with Python unless `taskRunner` says otherwise. Values are given back by a line `::{"outputs": {...}}::` on its output.',
  where: "agent",
  input: z.object({ commands: commandList, ...pythonInput, ...dependencyInput, ...scriptInput }),
  output: scriptOutput,
  examples: [
    {
      title: "Run a file",
      yaml: `id: python_commands
namespace: company.team
tasks:
  - id: run
    type: io.kestra.plugin.scripts.python.Commands
    containerImage: python:3.13-slim
    inputFiles:
      main.py: print("hello")
    commands:
      - python main.py
`,
    },
  ],
};
