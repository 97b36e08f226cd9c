import * as z from "zod";
import { encodeUtf8 } from "#schema/bytes.ts";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  content: dynamic(z.string()).describe("What is written, as UTF-8"),
  extension: dynamic(z.string())
    .describe("Ending of the file's name, such as `.json`; `.txt` when left out")
    .optional(),
});
type Props = z.output<typeof input>;

export const storageWrite: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.Write",
  aliases: [],
  title: "Write a text to a file",
  description: "Keeps a text as a file in the internal storage, for tasks that want a file.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The file") }),
  examples: [
    {
      title: "A text as a file with an item on each line",
      yaml: `id: write_items
namespace: company.team
tasks:
  - id: items
    type: io.kestra.plugin.core.storage.Write
    content: |
      {"id": 1}
      {"id": 2}
    extension: .jsonl
  - id: size
    type: io.kestra.plugin.core.storage.Size
    uri: "{{ outputs.items.uri }}"
`,
    },
  ],
  async run({ content, extension = ".txt" }, ctx) {
    return { outputs: { uri: await ctx.files.put(`content${extensionOf(extension)}`, encodeUtf8(content)) } };
  },
};

/** `.csv` of `.csv` or `csv`; throws a TaskFailure for what is no ending of a name. */
export function extensionOf(text: string): string {
  const ending = text.trim();
  if (!/^\.?\w[\w.-]{0,39}$/.test(ending))
    throw new TaskFailure(`\`extension\` must be an ending such as .csv, but is '${ending.slice(0, 100)}'.`);
  return ending.startsWith(".") ? ending : `.${ending}`;
}
