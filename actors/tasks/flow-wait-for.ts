import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { flowLoopUntil } from "./flow-loop-until.ts";
import { loopUntil } from "./loop-common.ts";

const DEFAULTS = { interval: 1_000, maxIterations: 100, maxDuration: 3_600_000 };

export const flowWaitFor: FlowableTask<never> = {
  ...flowLoopUntil,
  type: "io.kestra.plugin.core.flow.WaitFor",
  aliases: ["io.kestra.core.tasks.flows.WaitFor"],
  title: "Run tasks again and again until a condition holds, for an hour at most",
  description:
    "The older form of LoopUntil: by default it asks every second, 100 times at most and for an hour at most. Use `io.kestra.plugin.core.flow.LoopUntil` in new flows.",
  input: flowLoopUntil.input.extend({}),
  output: z.object({ iterationCount: z.int().describe("Number of the turn, from 1; of the next one in `condition`") }),
  examples: [
    {
      title: "Four turns",
      yaml: `id: wait_for
namespace: company.team
tasks:
  - id: loop
    type: io.kestra.plugin.core.flow.WaitFor
    condition: "{{ outputs.return.value == '4' }}"
    tasks:
      - id: return
        type: io.kestra.plugin.core.debug.Return
        format: "{{ outputs.loop.iterationCount }}"
`,
    },
  ],
  expand({ checkFrequency, failOnMaxReached }: Parameters<typeof flowLoopUntil.expand>[0], ctx) {
    const expansion = loopUntil(ctx, checkFrequency, DEFAULTS, failOnMaxReached);
    return { expansion: { ...expansion, countsAhead: true } };
  },
};
