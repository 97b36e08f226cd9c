import * as z from "zod";
import { formatDuration } from "#schema/duration.ts";
import type { FlowableTask } from "./define.ts";
import { duration, dynamic } from "./property.ts";

const input = z.object({
  duration: dynamic(duration()).describe("How long to wait"),
});
type Props = z.output<typeof input>;

export const flowSleep: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Sleep",
  aliases: [],
  timed: true,
  title: "Wait for a time",
  description:
    "Waits, then goes on; fails when its `timeout` comes first. Nothing runs, and nothing costs, while it waits.",
  where: "engine",
  runnable: true,
  nested: [],
  input,
  output: z.object({}),
  examples: [
    {
      title: "Five seconds",
      yaml: `id: sleep_a_little
namespace: company.team
tasks:
  - id: wait
    type: io.kestra.plugin.core.flow.Sleep
    duration: PT5S
`,
    },
  ],
  expand(props, ctx) {
    const line = `Waiting for ${formatDuration(props.duration)}`;
    const { timeoutMs } = ctx;
    if (timeoutMs !== undefined && timeoutMs < props.duration)
      return { expansion: { kind: "sleep", until: ctx.now + timeoutMs, timedOut: true }, line };
    return { expansion: { kind: "sleep", until: ctx.now + props.duration }, line };
  },
};
