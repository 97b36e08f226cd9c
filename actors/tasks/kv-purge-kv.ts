import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { matchesGlob } from "./glob.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  namespaces: dynamic(z.array(z.string())).describe("Namespaces to clean").optional(),
  namespacePattern: dynamic(z.string()).describe("Glob of namespaces, in place of `namespaces`").optional(),
  includeChildNamespaces: dynamic(z.boolean()).default(true).describe("Clean those below the `namespaces` too"),
  keyPattern: dynamic(z.string()).describe("Glob of keys; all when left out").optional(),
  expiredOnly: dynamic(z.boolean())
    .default(true)
    .describe("Leave values that still live; when false all of them are deleted"),
});
type Props = z.output<typeof input>;

export const kvPurgeKv: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.kv.PurgeKV",
  aliases: [],
  title: "Clean the key-value store",
  description:
    "Deletes keys whose time is over, or all that match, in one or several namespaces. Expired values are out of storage by themselves; this also forgets that they have been there.",
  where: "edge",
  input,
  output: z.object({ size: z.int().describe("How many keys went") }),
  examples: [
    {
      title: "Forget what has expired, everywhere",
      yaml: `id: purge_kv
namespace: system
tasks:
  - id: purge
    type: io.kestra.plugin.core.kv.PurgeKV
    namespacePattern: "*"
`,
    },
  ],
  async run(props, ctx) {
    const { namespaces, namespacePattern, keyPattern, expiredOnly } = props;
    if (namespaces !== undefined && namespacePattern !== undefined)
      throw new TaskFailure("Give `namespaces` or `namespacePattern`, not both.");
    let size = 0;
    for (const namespace of await chosen(props, ctx.flow.namespace, () => ctx.kv.namespaces())) {
      const keys = [...(await ctx.kv.keys(namespace, { expired: true }))];
      if (!expiredOnly) keys.push(...(await ctx.kv.keys(namespace)));
      const matching = keyPattern === undefined ? keys : keys.filter((key) => matchesGlob(keyPattern, key));
      if (matching.length > 0) size += await ctx.kv.purge(namespace, matching, expiredOnly);
    }
    return { outputs: { size } };
  },
};

async function chosen(
  { namespaces, namespacePattern, includeChildNamespaces }: Props,
  own: string,
  all: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  if (namespacePattern !== undefined) return (await all()).filter((id) => matchesGlob(namespacePattern, id));
  const named = namespaces ?? [own];
  if (!includeChildNamespaces) return named;
  const below = (await all()).filter((id) => named.some((name) => id.startsWith(`${name}.`)));
  return [...new Set([...named, ...below])];
}
