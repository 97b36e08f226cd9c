import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";
import { splitLines } from "./split-lines.ts";
import { splittingOf } from "./split-size.ts";
import { endingOf, storedUri } from "./stored-file.ts";

/** Most files that outputs list. */
const MAX_FILES = 100_000;

const input = z.object({
  from: dynamic(z.string()).describe("URI of the file, with an item on each line"),
  rows: dynamic(z.int().min(1)).describe("Lines of a file").optional(),
  partitions: dynamic(z.int().min(1).max(MAX_FILES)).describe("How many files; lines are dealt out in turn").optional(),
  bytes: dynamic(z.string())
    .describe("Largest size of a file, such as `10MB`; a longer line is a file of its own")
    .optional(),
  separator: dynamic(z.string()).default("\n").describe("What ends each line of the new files"),
});
type Props = z.output<typeof input>;

export const storageSplit: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.Split",
  aliases: ["io.kestra.core.tasks.storages.Split"],
  title: "Split a file",
  description:
    "Splits a file of lines into several. One of `bytes`, `partitions` and `rows` says how; the first of them that is there counts.",
  where: "edge",
  input,
  output: z.object({ uris: z.array(z.string()).describe("The files, in order") }),
  examples: [
    {
      title: "Files of 100 lines",
      yaml: `id: split_file
namespace: company.team
inputs:
  - id: orders
    type: FILE
tasks:
  - id: split
    type: io.kestra.plugin.core.storage.Split
    from: "{{ inputs.orders }}"
    rows: 100
  - id: each
    type: io.kestra.plugin.core.flow.ForEach
    values: "{{ outputs.split.uris }}"
    tasks:
      - id: size
        type: io.kestra.plugin.core.storage.Size
        uri: "{{ taskrun.value }}"
`,
    },
    {
      title: "Four files of about the same length",
      yaml: `id: split_in_four
namespace: company.team
inputs:
  - id: orders
    type: FILE
tasks:
  - id: split
    type: io.kestra.plugin.core.storage.Split
    from: "{{ inputs.orders }}"
    partitions: 4
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const splitting = splittingOf(props, "bytes");
    if (splitting === undefined)
      throw new TaskFailure("Nothing says how the file is to be split: set `bytes`, `partitions` or `rows`.");
    const nameOf = (number: number) => {
      if (number < MAX_FILES) return `split-${number}${endingOf(from, ".txt")}`;
      throw new TaskFailure(`The file would be split into more than ${MAX_FILES} files: let each hold more.`);
    };
    const count = await splitLines(ctx.files, from, nameOf, splitting, ctx.signal);
    return { outputs: { uris: Array.from({ length: count }, (_, number) => ctx.files.uri(nameOf(number))) } };
  },
};
