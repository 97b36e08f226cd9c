import * as z from "zod";
import type { Label } from "#schema/event.ts";
import { parseInstant } from "#schema/time.ts";
import type { FlowableTask } from "./define.ts";
import { failed } from "./flowable.ts";
import { anyMap, deprecated, dynamic, labelMap } from "./property.ts";

const input = z.object({
  namespace: dynamic(z.string()).describe("Namespace of the flow to start"),
  flowId: dynamic(z.string()).describe("Id of the flow to start"),
  revision: dynamic(z.int().min(1)).describe("Its revision; the latest when left out").optional(),
  inputs: dynamic(anyMap()).describe("Its inputs").optional(),
  labels: dynamic(labelMap())
    .describe("Labels of the new execution, as a map or a list of `key` and `value`")
    .optional(),
  wait: dynamic(z.boolean()).default(true).describe("Wait for its end"),
  transmitFailed: dynamic(z.boolean()).default(true).describe("Its failure or warning becomes that of the task"),
  inheritLabels: dynamic(z.boolean()).default(false).describe("Give it all labels of this execution"),
  scheduleDate: dynamic(z.string()).describe("Start it at this date-time").optional(),
  restartBehavior: dynamic(z.enum(["RETRY_FAILED", "NEW_EXECUTION"]))
    .default("RETRY_FAILED")
    .describe("What a restart of this execution does with a failed one: restart it, or start another"),
  outputs: deprecated(anyMap(), "`outputs` of the started flow")
    .describe("Rendered by the started execution at its end, when its flow declares no outputs")
    .optional(),
});
type Props = z.output<typeof input>;

function labelList(labels: Props["labels"]): Label[] {
  if (labels === undefined) return [];
  return Array.isArray(labels) ? labels : Object.entries(labels).map(([key, value]) => ({ key, value }));
}

export const flowSubflow: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Subflow",
  aliases: ["io.kestra.core.tasks.flows.Subflow", "io.kestra.core.tasks.flows.Flow"],
  title: "Start another flow",
  description:
    "Starts another flow as an execution of its own and, unless `wait` is false, waits for its end. Its outputs are read with `outputs.<task>.outputs.<name>`.",
  where: "engine",
  nested: [],
  input,
  output: z.object({
    executionId: z.string().describe("Id of the execution it started"),
    state: z.string().describe("How that execution ended").optional(),
    outputs: anyMap().describe("Outputs of the started flow").optional(),
  }),
  examples: [
    {
      title: "Start a flow and use what it gives back",
      yaml: `id: subflow_parent
namespace: company.team
tasks:
  - id: child
    type: io.kestra.plugin.core.flow.Subflow
    namespace: company.team
    flowId: subflow_child
    inputs:
      name: "{{ execution.id }}"
    wait: true
    transmitFailed: true
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.child.outputs.greeting }}"
`,
    },
  ],
  expand(props) {
    const labels = labelList(props.labels);
    const system = labels.find(({ key }) => key.startsWith("system."));
    if (system !== undefined) {
      return failed(`System labels can only be set by Kestra itself, offending label: ${system.key}=${system.value}`);
    }
    const scheduleAt = props.scheduleDate === undefined ? undefined : parseInstant(props.scheduleDate);
    if (props.scheduleDate !== undefined && scheduleAt === undefined) {
      return failed(
        `\`scheduleDate\` must be a date-time with zone such as 2042-04-02T04:20:42Z: ${props.scheduleDate}`,
      );
    }
    const { namespace, flowId, revision, inputs = {}, inheritLabels, wait, transmitFailed, outputs } = props;
    return {
      expansion: {
        kind: "subflow",
        namespace,
        flowId,
        ...(revision === undefined ? {} : { revision }),
        inputs,
        labels,
        inheritLabels,
        wait,
        transmitFailed,
        ...(scheduleAt === undefined ? {} : { scheduleAt }),
        ...(outputs === undefined ? {} : { outputs }),
        ...(wait && props.restartBehavior === "RETRY_FAILED" ? { restarts: true } : {}),
      },
    };
  },
};
