import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  trigger: dynamic(z.string()).describe("Id of the trigger"),
  namespace: dynamic(z.string()).describe("Namespace of its flow; that of this flow when left out").optional(),
  flowId: dynamic(z.string()).describe("Its flow; this one when left out").optional(),
  enabled: dynamic(z.boolean()).default(false).describe("Whether it may fire"),
});
type Props = z.output<typeof input>;

export const triggerToggle: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.trigger.Toggle",
  aliases: ["io.kestra.core.tasks.trigger.Toggle"],
  title: "Switch a trigger on or off",
  description:
    "Keeps a time trigger from firing, or lets it fire again. The flow is not changed; a trigger that the flow itself disables stays off. Dates that passed while it was off are not made up for.",
  where: "edge",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Stop a schedule when a check fails",
      yaml: `id: stop_schedule
namespace: company.team
tasks:
  - id: check
    type: io.kestra.plugin.core.execution.Assert
    conditions: ["{{ flow.revision > 0 }}"]
errors:
  - id: stop
    type: io.kestra.plugin.core.trigger.Toggle
    trigger: hourly
    enabled: false
triggers:
  - id: hourly
    type: io.kestra.plugin.core.trigger.Schedule
    cron: "0 * * * *"
`,
    },
  ],
  async run({ trigger, enabled, namespace, flowId }, ctx) {
    const of = { namespace: namespace ?? ctx.flow.namespace, flowId: flowId ?? ctx.flow.id };
    const answer = await ctx.triggers.toggle(of.namespace, of.flowId, trigger, enabled);
    if (answer === "no flow") throw new TaskFailure(`Unable to find flow ${of.namespace}.${of.flowId}`);
    if (answer === "no trigger")
      throw new TaskFailure(
        `Unable to find trigger ${trigger} for the flow ${of.namespace}.${of.flowId}: only triggers that fire by time can be switched.`,
      );
    ctx.log("INFO", `Trigger ${trigger} of ${of.namespace}.${of.flowId} is ${enabled ? "on" : "off"}`);
    return {};
  },
};
