import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { duration, dynamic } from "./property.ts";

const input = z.object({
  duration: dynamic(duration()).describe("How long to wait"),
});
type Props = z.output<typeof input>;

export const flowSleep: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.Sleep",
  aliases: [],
  title: "Wait for a time",
  description: "Waits, then goes on. Nothing runs, and nothing costs, while it waits.",
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
    return { expansion: { kind: "sleep", until: ctx.now + props.duration } };
  },
};
