import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { checkKey, kvInput } from "./kv-common.ts";
import { anything, dynamic } from "./property.ts";

const input = z.object({
  ...kvInput,
  errorOnMissing: dynamic(z.boolean()).default(false).describe("A missing key is a failure"),
});
type Props = z.output<typeof input>;

/** The namespace itself, then its parents: `a.b` gives `a.b`, `a`. */
function withParents(namespace: string): string[] {
  const parts = namespace.split(".");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("."));
}

export const kvGet: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.kv.Get",
  aliases: [],
  title: "Read a kept value",
  description:
    "Reads the value of a key. A key that is missing in the flow's own namespace is looked for in its parents.",
  where: "edge",
  input,
  output: z.object({ value: anything().describe("The value").optional() }),
  examples: [
    {
      title: "Read it, or fail",
      yaml: `id: kv_get
namespace: company.team
tasks:
  - id: read
    type: io.kestra.plugin.core.kv.Get
    key: last_run
    errorOnMissing: true
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.read.value }}"
`,
    },
  ],
  async run(props, ctx) {
    const key = checkKey(props.key);
    const own = props.namespace === undefined || props.namespace === ctx.flow.namespace;
    const namespaces = own ? withParents(ctx.flow.namespace) : [props.namespace ?? ""];
    for (const namespace of namespaces) {
      const found = await ctx.kv.get(namespace, key);
      if (found !== undefined) return { outputs: { value: found.value } };
    }
    if (props.errorOnMissing) throw new TaskFailure(`No value found for key '${key}' in namespace '${namespaces[0]}'`);
    return {};
  },
};
