import * as z from "zod";
import type { TriggerDefinition } from "./define.ts";
import { anyMap, anything, dynamic } from "./property.ts";

const input = z.object({
  key: dynamic(z.string().min(1).max(256)).describe("Secret part of the address"),
  wait: z.boolean().default(false).describe("Answer when the execution has ended"),
  returnOutputs: z.boolean().default(false).describe("Answer with the flow's outputs"),
  responseContentType: z
    .enum(["application/json", "text/plain"])
    .describe("Type of the answer when it waits")
    .optional(),
  responseCode: z.int().min(100).max(599).describe("Status of the answer").optional(),
});

export const triggerWebhook: TriggerDefinition = {
  type: "io.kestra.plugin.core.trigger.Webhook",
  aliases: ["io.kestra.core.models.triggers.types.Webhook"],
  title: "Start by an HTTP request",
  description:
    "Starts the flow when `/api/v1/executions/webhook/{namespace}/{flow}/{key}` is called with GET, POST or PUT. Whoever knows the key may call it.",
  kind: "webhook",
  input,
  output: z.object({
    body: anything().describe("Body: a map or list when it was JSON, else text").optional(),
    headers: anyMap().describe("Names and lists of values of the headers"),
    parameters: anyMap().describe("Names and lists of values of the query"),
  }),
  examples: [
    {
      title: "Greet whoever calls",
      yaml: `id: webhook_greeting
namespace: company.team
tasks:
  - id: greet
    type: io.kestra.plugin.core.log.Log
    message: "Hello {{ trigger.body.name ?? 'stranger' }}"
triggers:
  - id: call
    type: io.kestra.plugin.core.trigger.Webhook
    key: 4wjtkzwVGBM9yKnjm3yv8r
`,
    },
  ],
};
