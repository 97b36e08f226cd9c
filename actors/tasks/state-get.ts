import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { anyMap, dynamic } from "./property.ts";
import { missingState, readState, stateInput, stateKey } from "./state-common.ts";

const input = z.object({
  ...stateInput,
  errorOnMissing: dynamic(z.boolean()).default(false).describe("A state that is not there is a failure"),
});
type Props = z.output<typeof input>;

export const stateGet: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.state.Get",
  aliases: ["io.kestra.core.tasks.states.Get"],
  title: "Read a state",
  description: "Gives the state that an earlier execution has set; an empty map when none has.",
  where: "edge",
  input,
  output: z.object({ count: z.int().describe("Entries of the state"), data: anyMap().describe("The state") }),
  examples: [
    {
      title: "Go on where the last execution ended",
      yaml: `id: get_state
namespace: company.team
tasks:
  - id: last
    type: io.kestra.plugin.core.state.Get
    name: orders
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.last.data.last_run ?? 'never' }}"
`,
    },
  ],
  async run(props, ctx) {
    const key = stateKey(props, ctx);
    const data = await readState(key, ctx);
    if (data === undefined && props.errorOnMissing) throw missingState(props.name, key);
    return { outputs: { count: Object.keys(data ?? {}).length, data: data ?? {} } };
  },
};
