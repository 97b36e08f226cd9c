import * as z from "zod";
import { concatBytes } from "#schema/bytes.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";
import { checkStopped, endingOf, sizeOf, storedUri } from "./stored-file.ts";
import { encoderOf } from "./text-chunks.ts";

/** Bytes that are read at a time, from the end of the file on. */
const BLOCK_BYTES = 1024 * 1024;
const MAX_LINE_BYTES = 16 * 1024 * 1024;

const input = z.object({
  from: dynamic(z.string()).describe("URI of the file"),
  separator: dynamic(z.string()).default("\n").describe("What stands between two items"),
  charset: dynamic(z.string()).default("UTF-8").describe("Charset of the file: what the separator looks like in it"),
});
type Props = z.output<typeof input>;

export const storageReverse: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.Reverse",
  aliases: ["io.kestra.core.tasks.storages.Reverse"],
  title: "Turn a file round",
  description: "Writes the lines of a file in the opposite order, each ended by `separator`.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The file") }),
  examples: [
    {
      title: "The newest line first",
      yaml: `id: newest_first
namespace: company.team
inputs:
  - id: log
    type: FILE
tasks:
  - id: reversed
    type: io.kestra.plugin.core.storage.Reverse
    from: "{{ inputs.log }}"
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const separator = encoderOf(props.charset)(props.separator);
    if (separator.length === 0) throw new TaskFailure("`separator` is empty: name what stands between two items.");
    const chunks = reversed(from, separator, ctx);
    return { outputs: { uri: await ctx.files.store(`reversed${endingOf(from, ".txt")}`, chunks) } };
  },
};

/** The items of the file, last first, many in one chunk. Holds one block and one item. */
async function* reversed(uri: string, separator: Uint8Array, ctx: EdgeContext): AsyncGenerator<Uint8Array> {
  /** The file from where it is known to where it was given on. */
  let held: Uint8Array = new Uint8Array();
  let isEnd = true;
  for (let to = await sizeOf(uri, ctx); to > 0; ) {
    checkStopped(ctx);
    const offset = Math.max(0, to - BLOCK_BYTES);
    const parts: Uint8Array[] = [];
    for await (const chunk of ctx.files.open(uri, { offset, length: to - offset })) parts.push(chunk);
    held = concatBytes([...parts, held]);
    to = offset;
    // A separator at the very end ends the last item: there is no empty one behind it.
    if (isEnd && endsWith(held, separator)) held = held.subarray(0, held.length - separator.length);
    isEnd = false;
    const items: Uint8Array[] = [];
    for (let at = lastIndexOf(held, separator); at >= 0; at = lastIndexOf(held, separator)) {
      items.push(held.subarray(at + separator.length), separator);
      held = held.subarray(0, at);
    }
    if (held.length > MAX_LINE_BYTES)
      throw new TaskFailure(
        `An item is longer than ${MAX_LINE_BYTES} bytes: is \`separator\` what stands between them?`,
      );
    if (items.length > 0) yield concatBytes(items);
  }
  if (!isEnd) yield concatBytes([held, separator]);
}

function endsWith(bytes: Uint8Array, wanted: Uint8Array): boolean {
  return bytes.length >= wanted.length && isAt(bytes, wanted, bytes.length - wanted.length);
}

function isAt(bytes: Uint8Array, wanted: Uint8Array, at: number): boolean {
  return wanted.every((byte, index) => bytes[at + index] === byte);
}

function lastIndexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const [first = 0] = wanted;
  let at = bytes.lastIndexOf(first, bytes.length - wanted.length);
  while (at >= 0 && !isAt(bytes, wanted, at)) at = at === 0 ? -1 : bytes.lastIndexOf(first, at - 1);
  return at;
}
