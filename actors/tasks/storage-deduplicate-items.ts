import * as z from "zod";
import { render } from "#expr/index.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { ionRows } from "./ion-rows.ts";
import { dynamic } from "./property.ts";
import { rowContext, rowOutcome } from "./row-expression.ts";
import { storedUri } from "./stored-file.ts";
import { encodeTexts } from "./text-chunks.ts";

/** What may be held of keys, in characters; each counts 50 more. */
const MAX_KEYS_CHARACTERS = 48_000_000;
const CHARACTERS_OF_AN_ENTRY = 50;

const input = z.object({
  from: dynamic(z.string()).describe("URI of the file of Ion records"),
  expr: z.string().describe("Expression that gives the key of a record, such as `{{ id }}`; evaluated for each record"),
});
type Props = z.output<typeof input>;

export const storageDeduplicateItems: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.DeduplicateItems",
  aliases: ["io.kestra.core.tasks.storages.DeduplicateItems"],
  title: "Keep one record for each key",
  description:
    "Writes of all records with the same key the last one, in the order of the file. The file is read twice; the keys are held in memory, about 700,000 short ones at most.",
  where: "edge",
  input,
  output: z.object({
    uri: z.string().describe("The file"),
    numKeys: z.int().describe("How many keys there are"),
    processedItemsTotal: z.int().describe("Records that were read"),
    droppedItemsTotal: z.int().describe("Records that were left out"),
  }),
  examples: [
    {
      title: "The last state of each customer",
      yaml: `id: last_states
namespace: company.team
tasks:
  - id: states
    type: io.kestra.plugin.core.storage.Write
    extension: .ion
    content: |
      {customer: "a", state: "new"}
      {customer: "b", state: "new"}
      {customer: "a", state: "paying"}
  - id: last
    type: io.kestra.plugin.core.storage.DeduplicateItems
    from: "{{ outputs.states.uri }}"
    expr: "{{ customer }}"
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.last.uri) }}"
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const { isLast, keys, rows } = await lastOfEach({ ...props, from }, ctx);
    const uri = await ctx.files.store("deduplicated.ion", encodeTexts(keptRows(from, isLast, ctx)));
    ctx.metric({ name: "processed.items.total", type: "counter", value: rows });
    ctx.metric({ name: "dropped.items.total", type: "counter", value: rows - keys });
    return { outputs: { uri, numKeys: keys, processedItemsTotal: rows, droppedItemsTotal: rows - keys } };
  },
};

/** Which rows, by number from 0, are the last of their key. */
async function lastOfEach({ from, expr }: Props, ctx: EdgeContext) {
  const lastRow = new Map<string, number>();
  let rows = 0;
  let characters = 0;
  for await (const group of ionRows(ctx.files, { uri: from }, ctx.signal)) {
    for (const { value } of group) {
      const outcome = rowOutcome(render(expr, rowContext(value, rows + 1, ctx.now)));
      if ("problem" in outcome) throw new TaskFailure(`\`expr\` fails for record ${rows + 1}: ${outcome.problem}`);
      if (!lastRow.has(outcome.value)) characters += outcome.value.length + CHARACTERS_OF_AN_ENTRY;
      if (characters > MAX_KEYS_CHARACTERS)
        throw new TaskFailure(
          `There are more keys than can be held here (${lastRow.size} so far): split the file first, or use a task that runs on an agent.`,
        );
      lastRow.set(outcome.value, rows);
      rows += 1;
    }
  }
  const last = new Uint8Array(rows);
  for (const row of lastRow.values()) last[row] = 1;
  return { isLast: (row: number) => last[row] === 1, keys: lastRow.size, rows };
}

async function* keptRows(uri: string, isKept: (row: number) => boolean, ctx: EdgeContext): AsyncGenerator<string> {
  let row = 0;
  for await (const group of ionRows(ctx.files, { uri }, ctx.signal)) {
    let text = "";
    for (const { text: written } of group) if (isKept(row++)) text += `${written}\n`;
    yield text;
  }
}
