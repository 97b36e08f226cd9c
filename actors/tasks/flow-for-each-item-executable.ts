import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { flowSubflow } from "./flow-subflow.ts";
import { anyMap, dynamic, typed } from "./property.ts";

// What it gives to each execution is rendered when that one is started, once for each batch.

const input = z.object({
  total: typed(z.int().min(0)).describe("How many batches there are"),
  wait: dynamic(z.boolean()).default(true).describe("Wait for the end of all"),
  transmitFailed: dynamic(z.boolean())
    .default(true)
    .describe("A failure or warning of a batch becomes that of the task"),
});
type Props = z.output<typeof input>;

export const flowForEachItemExecutable: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.ForEachItem$ForEachItemExecutable",
  aliases: [],
  internal: true,
  title: "Start an execution for each batch",
  description: "The part of ForEachItem that starts an execution for each batch and counts how they end.",
  where: "engine",
  nested: [],
  input,
  output: z.object({
    iterations: anyMap().describe("How many batches are in which state, kept as news comes"),
    numberOfBatches: z.int().describe("How many batches there are"),
  }),
  examples: [],
  starts: flowSubflow as FlowableTask,
  expand({ total, wait, transmitFailed }) {
    return { expansion: { kind: "items", total, wait, transmitFailed } };
  },
};
