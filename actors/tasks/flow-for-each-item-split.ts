import * as z from "zod";
import { encodeUtf8 } from "#schema/bytes.ts";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";
import { splitLines } from "./split-lines.ts";
import { splittingOf } from "./split-size.ts";
import { endingOf } from "./stored-file.ts";

const batch = z.object({
  rows: dynamic(z.int().min(1)).describe("Lines of a batch").optional(),
  partitions: dynamic(z.int().min(1)).describe("How many batches").optional(),
  bytes: dynamic(z.string()).describe("Largest size of a batch").optional(),
  separator: dynamic(z.string()).default("\n").describe("What ends each line of a batch"),
});
const input = z.object({
  items: dynamic(z.string()).describe("URI of the file with the items"),
  batch: dynamic(batch).default({ separator: "\n" }).describe("How the items are split"),
});
type Props = z.output<typeof input>;

const URIS_A_CHUNK = 500;
export const flowForEachItemSplit: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.flow.ForEachItem$ForEachItemSplit",
  aliases: [],
  internal: true,
  title: "Split the items into batches",
  description: "The part of ForEachItem that writes a file for each batch.",
  where: "edge",
  input,
  output: z.object({
    splits: z.string().describe("File with the URIs of the batches, one a line"),
    numberOfBatches: z.int().describe("How many batches there are"),
    batches: z.string().describe("URI of the batches, with `*` for their number from 0"),
    outputs: z.string().describe("URI of the files with the outputs of their executions, with `*` for their number"),
  }),
  examples: [],
  async run({ items, batch: given }, ctx) {
    const { files, signal } = ctx;
    if (!items.startsWith("kestra://"))
      throw new TaskFailure(`Unable to split the items from ${items}, this is not an internal storage URI!`);
    const nameOf = (number: number | string) => `batch-${number}${endingOf(items, ".txt")}`;
    const splitting = splittingOf(given, "batch.bytes") ?? { rows: 1, separator: given.separator };
    const numberOfBatches = await splitLines(files, items, nameOf, splitting, signal);
    ctx.log("INFO", `Split into ${numberOfBatches} batches`);
    return {
      outputs: {
        splits: await files.store(
          "splits.txt",
          urisOf(numberOfBatches, (number) => files.uri(nameOf(number))),
        ),
        numberOfBatches,
        batches: files.uri(nameOf("*")),
        outputs: files.uri("outputs/*.ion"),
      },
    };
  },
};

/** The list of the batches, in chunks. */
async function* urisOf(count: number, uriOf: (number: number) => string): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < count; from += URIS_A_CHUNK) {
    let text = "";
    for (let number = from; number < Math.min(count, from + URIS_A_CHUNK); number++) text += `${uriOf(number)}\n`;
    yield encodeUtf8(text);
  }
}
