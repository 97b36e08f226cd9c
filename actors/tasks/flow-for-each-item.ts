import * as z from "zod";
import type { Task } from "#schema/flow.ts";
import type { JsonObject } from "#schema/json.ts";
import type { FlowableTask } from "./define.ts";
import { nestedBranches } from "./flowable.ts";
import { anyMap, dynamic, labelMap } from "./property.ts";

const batch = z.object({
  rows: dynamic(z.int().min(1)).describe("Lines of a batch; 1 when nothing else is said").optional(),
  partitions: dynamic(z.int().min(1))
    .describe("How many batches: the lines are dealt out in turn. Wins over `rows`")
    .optional(),
  bytes: dynamic(z.string())
    .describe("Largest size of a batch, such as `10MB`; a longer line is a batch of its own. Wins over the others")
    .optional(),
  separator: dynamic(z.string()).default("\n").describe("What ends each line of a batch"),
  from: dynamic(z.string()).describe("Has no meaning here").optional(),
});

const input = z.object({
  items: dynamic(z.string()).describe("`kestra://` URI of the file with the items, one a line"),
  batch: dynamic(batch).describe("How the items are split").optional(),
  namespace: dynamic(z.string()).describe("Namespace of the flow to start"),
  flowId: dynamic(z.string()).describe("Id of the flow to start"),
  revision: dynamic(z.int().min(1)).describe("Its revision; the latest when left out").optional(),
  inputs: dynamic(anyMap())
    .describe("Its inputs; `taskrun.items` is the URI of the batch, `taskrun.iteration` its number from 0")
    .optional(),
  labels: dynamic(labelMap())
    .describe("Labels of the new executions, as a map or a list of `key` and `value`")
    .optional(),
  wait: dynamic(z.boolean()).default(true).describe("Wait for the end of all"),
  transmitFailed: dynamic(z.boolean())
    .default(true)
    .describe("A failure or warning of a batch becomes that of the task"),
  inheritLabels: dynamic(z.boolean()).default(false).describe("Give them all labels of this execution"),
  scheduleDate: dynamic(z.string()).describe("Start them at this date-time").optional(),
  restartBehavior: dynamic(z.enum(["RETRY_FAILED", "NEW_EXECUTION"]))
    .describe("Accepted; a restart gives each batch that did not end well a new execution")
    .optional(),
  ...nestedBranches,
});

const OF_SPLIT = ["items", "batch"];
const OF_ITEMS = [
  ..."namespace flowId revision inputs labels wait transmitFailed inheritLabels scheduleDate".split(" "),
];

function pick(properties: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name)));
}

/** Splits, starts, merges: each a task of its own, named after the whole. */
function parts({ id, type, properties, logLevel, allowFailure, allowWarning }: Task): Task[] {
  const common = { lists: {}, ...(logLevel && { logLevel }) };
  const softened = { ...(allowFailure && { allowFailure }), ...(allowWarning && { allowWarning }) };
  return [
    { ...common, id: `${id}_split`, type: `${type}$ForEachItemSplit`, properties: pick(properties, OF_SPLIT) },
    {
      ...common,
      ...softened,
      id: `${id}_items`,
      type: `${type}$ForEachItemExecutable`,
      properties: { ...pick(properties, OF_ITEMS), total: "{{ siblings[0].numberOfBatches }}" },
    },
    {
      ...common,
      id: `${id}_merge`,
      type: `${type}$ForEachItemMergeOutputs`,
      properties: { outputs: "{{ siblings[0].outputs }}" },
    },
  ];
}

export const flowForEachItem: FlowableTask<Record<string, never>> = {
  type: "io.kestra.plugin.core.flow.ForEachItem",
  aliases: ["io.kestra.core.tasks.flows.ForEachItem"],
  title: "Start a flow for each batch of items",
  description:
    "Splits a file into batches of lines and starts an execution of another flow for each. It is made of three tasks: `<id>_split`, `<id>_items` with the counts by state (`outputs.<id>_items.iterations`, `outputs.<id>_items.numberOfBatches`), and `<id>_merge`, which writes the outputs of all of them to one file (`outputs.<id>_merge.subflowOutputs`). A restart starts those batches again that did not end well.",
  where: "engine",
  nested: [],
  input,
  output: z.object({
    iterations: anyMap().describe("How many executions ended in which state").optional(),
    numberOfBatches: z.int().describe("How many batches there are").optional(),
    uri: z.string().describe("File with the outputs of all executions").optional(),
  }),
  parts,
  examples: [
    {
      title: "An execution for each ten lines of a file",
      yaml: `id: each_ten_orders
namespace: company.team
inputs:
  - id: orders
    type: FILE
tasks:
  - id: each
    type: io.kestra.plugin.core.flow.ForEachItem
    items: "{{ inputs.orders }}"
    batch:
      rows: 10
    namespace: company.team
    flowId: handle_orders
    inputs:
      orders: "{{ taskrun.items }}"
      number: "{{ taskrun.iteration }}"
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.each_items.iterations }} {{ outputs.each_merge.subflowOutputs }}"
`,
    },
  ],
  expand() {
    const gathers = [
      { name: "iterations", slot: 1, from: "iterations" },
      { name: "numberOfBatches", slot: 1, from: "numberOfBatches" },
      { name: "uri", slot: 2, from: "subflowOutputs" },
    ];
    return { expansion: { kind: "sequence", list: "tasks", gathers } };
  },
};
