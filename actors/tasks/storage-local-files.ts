import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { anyMap, dynamic, textMap } from "./property.ts";
import { keepFiles, readInputFiles } from "./script-sandbox.ts";

const input = z.object({
  inputs: dynamic(anyMap())
    .describe("Files to put into the working directory: relative names, and contents or `kestra://` URIs")
    .optional(),
  outputs: dynamic(z.array(z.string())).describe("Patterns of files of the working directory to keep").optional(),
});
type Props = z.output<typeof input>;

export const storageLocalFiles: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.LocalFiles",
  aliases: ["io.kestra.core.tasks.storages.LocalFiles"],
  title: "Put files into a working directory, or keep some of it",
  description:
    "Of use among the tasks of a WorkingDirectory. Kept for old flows: `inputFiles` and `outputFiles` of the WorkingDirectory and of scripts do the same.",
  where: "edge",
  input,
  output: z.object({ uris: textMap().describe("Kept files: relative names and `kestra://` URIs") }),
  examples: [
    {
      title: "Files in, files out",
      yaml: `id: local_files
namespace: company.team
tasks:
  - id: dir
    type: io.kestra.plugin.core.flow.WorkingDirectory
    tasks:
      - id: in
        type: io.kestra.plugin.core.storage.LocalFiles
        inputs:
          words.txt: one two three
      - id: count
        type: io.kestra.plugin.scripts.deno.Script
        script: Deno.writeTextFileSync("count.txt", String(Deno.readTextFileSync("words.txt").split(" ").length));
      - id: out
        type: io.kestra.plugin.core.storage.LocalFiles
        outputs: ["*.txt"]
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.out.uris['count.txt']) }}"
`,
    },
  ],
  async run({ inputs, outputs = [] }, ctx) {
    const given = await readInputFiles(inputs, ctx);
    // What is only put in needs no look at what is there.
    const there = outputs.length === 0 ? [] : ((await ctx.place?.load()) ?? []);
    await ctx.place?.save(Object.fromEntries(given), []);
    const files = Object.fromEntries([...there, ...given]);
    return { outputs: { uris: await keepFiles(files, outputs, ctx) } };
  },
};
