import * as z from "zod";
import type { EdgeTask, TaskFiles } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  outputs: dynamic(z.string()).describe("URI of the files with the outputs, with `*` for the number of the batch"),
});
type Props = z.output<typeof input>;

/** Files that are read ahead. */
const AHEAD = 16;

async function* joined(files: TaskFiles, uris: readonly string[]): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < uris.length; at += AHEAD)
    yield* await Promise.all(uris.slice(at, at + AHEAD).map((uri) => files.get(uri)));
}

export const flowForEachItemMergeOutputs: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.flow.ForEachItem$ForEachItemMergeOutputs",
  aliases: [],
  internal: true,
  title: "Merge the outputs of all batches",
  description: "The part of ForEachItem that writes the outputs of all executions to one file, a record for each.",
  where: "edge",
  input,
  output: z.object({
    subflowOutputs: z.string().describe("The file; absent when no execution has outputs").optional(),
  }),
  examples: [],
  async run({ outputs }, { files }) {
    const uris = await files.list(outputs.slice(0, outputs.lastIndexOf("/")));
    if (uris.length === 0) return {};
    return { outputs: { subflowOutputs: await files.store("outputs.ion", joined(files, uris)) } };
  },
};
