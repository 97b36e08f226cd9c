import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { nestedBranches } from "./flowable.ts";
import { checkFrequency, loopUntil } from "./loop-common.ts";
import { dynamic, nested } from "./property.ts";

const input = z.object({
  condition: z
    .string()
    .describe("Rendered after each turn: the loop ends when it is neither `false` nor `0` nor empty"),
  tasks: nested("tasks", { required: true }).describe("Run in each turn, one after another"),
  checkFrequency: checkFrequency
    .describe("How often and for how long; a turn a minute without end by default")
    .optional(),
  failOnMaxReached: dynamic(z.boolean()).default(false).describe("Fail when a limit is reached; else it just ends"),
  ...nestedBranches,
});
type Props = Pick<z.output<typeof input>, "checkFrequency" | "failOnMaxReached">;

const INTERVAL_MS = 60_000;

export const flowLoopUntil: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.LoopUntil",
  aliases: [],
  title: "Run tasks again and again until a condition holds",
  description:
    "Runs its tasks, then renders `condition` with their outputs. Until it holds, the execution is PAUSED for the interval and the tasks run again; the runs of the turn before are left out. `outputs.<task>.iterationCount` is the number of the turn.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({ iterationCount: z.int().describe("Number of the turn, from 1") }),
  examples: [
    {
      title: "Ask every 30 seconds until the answer is 200, 50 times at most",
      yaml: `id: loop_until
namespace: company.team
tasks:
  - id: loop
    type: io.kestra.plugin.core.flow.LoopUntil
    condition: "{{ outputs.ping.code == 200 }}"
    failOnMaxReached: true
    checkFrequency:
      interval: PT30S
      maxIterations: 50
    tasks:
      - id: ping
        type: io.kestra.plugin.core.http.Request
        uri: https://example.com/health
        options:
          allowFailed: true
`,
    },
  ],
  expand(props, ctx) {
    return { expansion: loopUntil(ctx, props.checkFrequency, { interval: INTERVAL_MS }, props.failOnMaxReached) };
  },
};
