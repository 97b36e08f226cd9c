import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { dependencyInput, placedBy, scriptInput, scriptOutput, scriptText } from "./script-common.ts";
import { runInSandbox } from "./script-sandbox.ts";

const input = z.object({ script: scriptText, ...dependencyInput, ...scriptInput });
type Props = z.output<typeof input>;

export const denoScript: EdgeTask<Props> = {
  type: "io.kestra.plugin.scripts.deno.Script",
  aliases: [],
  title: "Run TypeScript or JavaScript",
  description:
    "Runs at once in a sandbox with a Deno-compatible surface: no container, no agent. As soon as `containerImage`, `beforeCommands`, `dependencies` or `taskRunner` is set, it runs on an agent instead. Values are given back with `Kestra.outputs({...})`.",
  where: "sandbox",
  placedBy,
  input,
  output: scriptOutput,
  examples: [
    {
      title: "TypeScript with a file in and a file out",
      yaml: `id: deno_files
namespace: company.team
tasks:
  - id: count
    type: io.kestra.plugin.scripts.deno.Script
    inputFiles:
      words.txt: one two three
    outputFiles:
      - "*.json"
    script: |
      const words: string[] = Deno.readTextFileSync("words.txt").split(" ");
      Deno.writeTextFileSync("count.json", JSON.stringify({ words: words.length }));
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.count.outputFiles['count.json']) }}"
`,
    },
  ],
  run(props, ctx) {
    const { script, env, inputFiles, namespaceFiles, outputFiles, warningOnStdErr } = props;
    const language = { language: "typescript", fileName: "script.ts" } as const;
    return runInSandbox({ ...language, script, env, inputFiles, namespaceFiles, outputFiles, warningOnStdErr }, ctx);
  },
};
