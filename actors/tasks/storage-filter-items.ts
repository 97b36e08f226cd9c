import * as z from "zod";
import { isTruthy, type Outcome, render, renderTyped } from "#expr/index.ts";
import type { Json } from "#schema/json.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { type IonRow, ionRows } from "./ion-rows.ts";
import { dynamic } from "./property.ts";
import { rowContext, rowOutcome } from "./row-expression.ts";
import { storedUri } from "./stored-file.ts";
import { encodeTexts } from "./text-chunks.ts";

const input = z.object({
  from: dynamic(z.string()).describe("URI of the file of Ion records"),
  filterCondition: z
    .string()
    .describe("Expression over the fields of a record, such as `{{ price > 10 }}`; evaluated for each record"),
  filterType: dynamic(z.enum(["INCLUDE", "EXCLUDE"]))
    .default("INCLUDE")
    .describe("Whether records that match are kept or left out"),
  errorOrNullBehavior: dynamic(z.enum(["FAIL", "INCLUDE", "EXCLUDE"]))
    .default("FAIL")
    .describe("What becomes of a record for which the condition fails or gives nothing"),
});
type Props = z.output<typeof input>;

type Counts = { processed: number; dropped: number };

export const storageFilterItems: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.FilterItems",
  aliases: ["io.kestra.core.tasks.storages.FilterItems"],
  title: "Keep records that match",
  description:
    "Writes those records of a file for which a condition holds. The file has a record in Ion or JSON on each line, as tasks that store rows write it. Records are kept as they are written.",
  where: "edge",
  input,
  output: z.object({
    uri: z.string().describe("The file"),
    processedItemsTotal: z.int().describe("Records that were read"),
    droppedItemsTotal: z.int().describe("Records that were left out"),
  }),
  examples: [
    {
      title: "Orders above an amount",
      yaml: `id: large_orders
namespace: company.team
tasks:
  - id: orders
    type: io.kestra.plugin.core.storage.Write
    extension: .ion
    content: |
      {order: 1, total: 5}
      {order: 2, total: 500}
  - id: large
    type: io.kestra.plugin.core.storage.FilterItems
    from: "{{ outputs.orders.uri }}"
    filterCondition: "{{ total > 100 }}"
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.large.droppedItemsTotal }} of {{ outputs.large.processedItemsTotal }} left out"
`,
    },
    {
      title: "All but what is cancelled or says nothing",
      yaml: `id: not_cancelled
namespace: company.team
inputs:
  - id: orders
    type: FILE
tasks:
  - id: live
    type: io.kestra.plugin.core.storage.FilterItems
    from: "{{ inputs.orders }}"
    filterCondition: "{{ status == 'CANCELLED' }}"
    filterType: EXCLUDE
    errorOrNullBehavior: EXCLUDE
`,
    },
  ],
  async run(props, ctx) {
    const from = storedUri(props.from, "from");
    const counts: Counts = { processed: 0, dropped: 0 };
    const kept = encodeTexts(filtered({ ...props, from }, counts, ctx));
    const uri = await ctx.files.store("filtered.ion", kept);
    ctx.metric({ name: "processed.items.total", type: "counter", value: counts.processed });
    ctx.metric({ name: "dropped.items.total", type: "counter", value: counts.dropped });
    return { outputs: { uri, processedItemsTotal: counts.processed, droppedItemsTotal: counts.dropped } };
  },
};

async function* filtered(props: Props, counts: Counts, ctx: EdgeContext): AsyncGenerator<string> {
  for await (const rows of ionRows(ctx.files, { uri: props.from }, ctx.signal)) {
    let text = "";
    for (const row of rows) {
      counts.processed += 1;
      if (isKept(row, props, counts.processed, ctx)) text += `${row.text}\n`;
      else counts.dropped += 1;
    }
    yield text;
  }
}

function isNull(outcome: Outcome<Json>): boolean {
  return outcome.ok === true && outcome.value === null;
}

function isKept(row: IonRow, props: Props, number: number, { now }: EdgeContext): boolean {
  const { filterCondition, filterType, errorOrNullBehavior } = props;
  const context = rowContext(row.value, number, now);
  const outcome = rowOutcome(render(filterCondition, context));
  if ("value" in outcome) {
    // Nothing and an empty text look the same as text.
    const isNothing = outcome.value === "" && isNull(renderTyped(filterCondition, context));
    if (!isNothing) return isTruthy(outcome.value) === (filterType === "INCLUDE");
  }
  if (errorOrNullBehavior !== "FAIL") return errorOrNullBehavior === "INCLUDE";
  const why = "problem" in outcome ? outcome.problem : "it gives nothing";
  throw new TaskFailure(
    `\`filterCondition\` says nothing of record ${number}: ${why} Set \`errorOrNullBehavior\` to INCLUDE or EXCLUDE to go on with such records.`,
  );
}
