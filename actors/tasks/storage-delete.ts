import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";
import { storedUri } from "./stored-file.ts";

const input = z.object({
  uri: dynamic(z.string()).describe("URI of the file"),
  errorOnMissing: dynamic(z.boolean()).default(false).describe("A file that is not there is a failure"),
});
type Props = z.output<typeof input>;

export const storageDelete: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.Delete",
  aliases: ["io.kestra.core.tasks.storages.Delete"],
  title: "Delete a file",
  description: "Deletes a file of an execution from the internal storage. What still names it cannot read it any more.",
  where: "edge",
  input,
  output: z.object({
    uri: z.string().describe("The file"),
    deleted: z.boolean().describe("Whether there was one"),
  }),
  examples: [
    {
      title: "Keep nothing of a download",
      yaml: `id: delete_download
namespace: company.team
tasks:
  - id: fetch
    type: io.kestra.plugin.core.http.Download
    uri: https://huggingface.co/datasets/kestra/datasets/raw/main/csv/orders.csv
  - id: size
    type: io.kestra.plugin.core.storage.Size
    uri: "{{ outputs.fetch.uri }}"
  - id: remove
    type: io.kestra.plugin.core.storage.Delete
    uri: "{{ outputs.fetch.uri }}"
`,
    },
  ],
  async run(props, ctx) {
    const uri = storedUri(props.uri, "uri");
    const deleted = await ctx.files.delete(uri);
    if (!deleted && props.errorOnMissing)
      throw new TaskFailure(`There is no file ${uri}, and \`errorOnMissing\` is true.`);
    return { outputs: { uri, deleted } };
  },
};
