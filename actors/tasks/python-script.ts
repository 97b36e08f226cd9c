import * as z from "zod";
import type { AgentTask } from "./define.ts";
import { pythonInput } from "./python-common.ts";
import { dependencyInput, scriptInput, scriptOutput, scriptText } from "./script-common.ts";

export const pythonScript: AgentTask = {
  type: "io.kestra.plugin.scripts.python.Script",
  aliases: [],
  title: "Run Python",
  description:
    'Runs a Python script on an agent, in a container unless `taskRunner` says otherwise. Values are given back by a line `::{"outputs": {...}}::` on its output.',
  where: "agent",
  input: z.object({ script: scriptText, ...pythonInput, ...dependencyInput, ...scriptInput }),
  output: scriptOutput,
  examples: [
    {
      title: "Write a CSV file with the standard library",
      yaml: `id: python_csv
namespace: company.team
tasks:
  - id: write
    type: io.kestra.plugin.scripts.python.Script
    taskRunner:
      type: io.kestra.plugin.core.runner.Process
    outputFiles:
      - rows.csv
    script: |
      import csv
      with open("rows.csv", "w", newline="") as file:
          writer = csv.writer(file)
          writer.writerow(["id", "name"])
          writer.writerow([1, "first"])
`,
    },
    {
      title: "In a container, with a package",
      yaml: `id: python_container
namespace: company.team
tasks:
  - id: fetch
    type: io.kestra.plugin.scripts.python.Script
    containerImage: python:3.13-slim
    dependencies:
      - requests
    script: |
      import requests
      print(requests.get("https://example.com", timeout=10).status_code)
`,
    },
  ],
};
