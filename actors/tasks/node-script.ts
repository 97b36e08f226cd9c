import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { dependencyInput, placedBy, scriptInput, scriptOutput, scriptText } from "./script-common.ts";
import { runInSandbox } from "./script-sandbox.ts";

const input = z.object({ script: scriptText, ...dependencyInput, ...scriptInput });
type Props = z.output<typeof input>;

export const nodeScript: EdgeTask<Props> = {
  type: "io.kestra.plugin.scripts.node.Script",
  aliases: [],
  title: "Run JavaScript",
  description:
    "Runs at once in a sandbox with a Deno-compatible surface: no container, no agent. As soon as `containerImage`, `beforeCommands`, `dependencies` or `taskRunner` is set, it runs on an agent instead. Values are given back with `Kestra.outputs({...})`.",
  where: "sandbox",
  placedBy,
  input,
  output: scriptOutput,
  examples: [
    {
      title: "Give values back",
      yaml: `id: node_outputs
namespace: company.team
tasks:
  - id: sum
    type: io.kestra.plugin.scripts.node.Script
    env:
      NUMBERS: "1,2,3"
    script: |
      const numbers = Deno.env.get("NUMBERS").split(",").map(Number);
      Kestra.outputs({ sum: numbers.reduce((a, b) => a + b, 0) });
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.sum.vars.sum }}"
`,
    },
    {
      title: "In a container, with a package",
      yaml: `id: node_container
namespace: company.team
tasks:
  - id: colours
    type: io.kestra.plugin.scripts.node.Script
    containerImage: node:slim
    beforeCommands:
      - npm install colord
    script: |
      const { colord } = require("colord");
      console.log(colord("#ff0000").toHslString());
`,
    },
  ],
  run(props, ctx) {
    const { script, env, inputFiles, namespaceFiles, outputFiles, warningOnStdErr } = props;
    const language = { language: "javascript", fileName: "script.js" } as const;
    return runInSandbox({ ...language, script, env, inputFiles, namespaceFiles, outputFiles, warningOnStdErr }, ctx);
  },
};
