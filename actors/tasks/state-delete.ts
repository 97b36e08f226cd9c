import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { dynamic } from "./property.ts";
import { missingState, stateInput, stateKey } from "./state-common.ts";

const input = z.object({
  ...stateInput,
  errorOnMissing: dynamic(z.boolean()).default(false).describe("A state that is not there is a failure"),
});
type Props = z.output<typeof input>;

export const stateDelete: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.state.Delete",
  aliases: ["io.kestra.core.tasks.states.Delete"],
  title: "Delete a state",
  description: "Forgets a state.",
  where: "edge",
  input,
  output: z.object({ deleted: z.boolean().describe("Whether there was one") }),
  examples: [
    {
      title: "Begin anew",
      yaml: `id: delete_state
namespace: company.team
tasks:
  - id: forget
    type: io.kestra.plugin.core.state.Delete
    name: orders
`,
    },
  ],
  async run(props, ctx) {
    const key = stateKey(props, ctx);
    const deleted = await ctx.kv.delete(ctx.flow.namespace, key);
    if (!deleted && props.errorOnMissing) throw missingState(props.name, key);
    return { outputs: { deleted } };
  },
};
