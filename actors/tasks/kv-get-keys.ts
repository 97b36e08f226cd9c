import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  prefix: dynamic(z.string()).describe("How the keys begin; every key when left out").optional(),
  namespace: dynamic(z.string()).describe("Namespace that holds them; the flow's own when left out").optional(),
});
type Props = z.output<typeof input>;

export const kvGetKeys: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.kv.GetKeys",
  aliases: [],
  title: "List the keys of kept values",
  description: "Gives the keys of a namespace that begin with a prefix, in order; none is an empty list.",
  where: "edge",
  input,
  output: z.object({ keys: z.array(z.string()).describe("The keys") }),
  examples: [
    {
      title: "All keys of an import",
      yaml: `id: kv_get_keys
namespace: company.team
tasks:
  - id: list
    type: io.kestra.plugin.core.kv.GetKeys
    prefix: "import_"
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.list.keys }}"
`,
    },
  ],
  async run({ prefix = "", namespace }, ctx) {
    const keys = await ctx.kv.keys(namespace ?? ctx.flow.namespace);
    return { outputs: { keys: keys.filter((key) => key.startsWith(prefix)) } };
  },
};
