import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { checkStopped } from "./stored-file.ts";

const input = z.object({});

export const storagePurgeCurrentExecutionFiles: EdgeTask<z.output<typeof input>> = {
  type: "io.kestra.plugin.core.storage.PurgeCurrentExecutionFiles",
  aliases: ["io.kestra.core.tasks.storages.PurgeExecution", "io.kestra.plugin.core.storage.PurgeExecution"],
  title: "Delete all files of this execution",
  description:
    "Deletes what was uploaded for this execution and what its tasks stored so far. Outputs stay, those too that are kept in files because they are large.",
  where: "edge",
  input,
  output: z.object({ uris: z.array(z.string()).describe("The files that were deleted") }),
  examples: [
    {
      title: "Leave no files behind",
      yaml: `id: purge_own_files
namespace: company.team
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Download
    uri: https://huggingface.co/datasets/kestra/datasets/raw/main/csv/orders.csv
finally:
  - id: purge
    type: io.kestra.plugin.core.storage.PurgeCurrentExecutionFiles
`,
    },
  ],
  async run(_, ctx) {
    const uris: string[] = [];
    for (const uri of await ctx.files.list()) {
      checkStopped(ctx);
      if (await ctx.files.delete(uri)) uris.push(uri);
    }
    ctx.log("INFO", `Deleted ${uris.length} files`);
    return { outputs: { uris } };
  },
};
