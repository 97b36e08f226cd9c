import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { checkKey, kvInput } from "./kv-common.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  ...kvInput,
  errorOnMissing: dynamic(z.boolean()).default(false).describe("A missing key is a failure"),
});
type Props = z.output<typeof input>;

export const kvDelete: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.kv.Delete",
  aliases: [],
  title: "Remove a kept value",
  description: "Removes a key and its value from a namespace.",
  where: "edge",
  input,
  output: z.object({ deleted: z.boolean().describe("False when there was none") }),
  examples: [
    {
      title: "Forget the last run",
      yaml: `id: kv_delete
namespace: company.team
tasks:
  - id: forget
    type: io.kestra.plugin.core.kv.Delete
    key: last_run
`,
    },
  ],
  async run(props, ctx) {
    const key = checkKey(props.key);
    const namespace = props.namespace ?? ctx.flow.namespace;
    const deleted = await ctx.kv.delete(namespace, key);
    if (!deleted && props.errorOnMissing) {
      throw new TaskFailure(`No value found for key '${key}' in namespace '${namespace}'`);
    }
    return { outputs: { deleted } };
  },
};
