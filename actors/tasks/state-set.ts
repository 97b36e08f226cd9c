import * as z from "zod";
import { isJsonObject } from "#schema/conform.ts";
import type { Json, JsonObject } from "#schema/json.ts";
import type { EdgeTask } from "./define.ts";
import { anyMap, typed } from "./property.ts";
import { readState, stateInput, stateKey } from "./state-common.ts";

const input = z.object({
  ...stateInput,
  data: typed(anyMap())
    .describe("Merged into the state, maps within maps too; left out, the state is only made")
    .optional(),
});
type Props = z.output<typeof input>;

export const stateSet: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.state.Set",
  aliases: ["io.kestra.core.tasks.states.Set"],
  title: "Keep a state",
  description:
    "Merges a map into a state that later executions of the flow can read. Two executions that set it at the same time may lose what one of them set: limit the flow's concurrency to 1 where that matters.",
  where: "edge",
  input,
  output: z.object({
    count: z.int().describe("Entries of the state now"),
    key: z.string().describe("Where it is kept among the key-values of the namespace"),
  }),
  examples: [
    {
      title: "Remember what was done last",
      yaml: `id: set_state
namespace: company.team
tasks:
  - id: last
    type: io.kestra.plugin.core.state.Get
    name: orders
  - id: set
    type: io.kestra.plugin.core.state.Set
    name: orders
    data:
      last_run: "{{ execution.startDate }}"
`,
    },
  ],
  async run(props, ctx) {
    const key = stateKey(props, ctx);
    const value = merged((await readState(key, ctx)) ?? {}, props.data ?? {});
    await ctx.kv.set(ctx.flow.namespace, key, { type: "JSON", value }, { overwrite: true });
    return { outputs: { count: Object.keys(value).length, key } };
  },
};

function merged(old: JsonObject, added: JsonObject): JsonObject {
  const both = Object.entries(added).map(([name, value]): [string, Json] => {
    const before = Object.hasOwn(old, name) ? old[name] : undefined;
    return [name, isJsonObject(before) && isJsonObject(value) ? merged(before, value) : value];
  });
  return Object.fromEntries([...Object.entries(old), ...both]);
}
