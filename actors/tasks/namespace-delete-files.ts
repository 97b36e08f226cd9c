import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { matchesAny } from "./namespace-files.ts";
import { dynamic, stringOrList, textMap } from "./property.ts";

const input = z.object({
  namespace: dynamic(z.string()).describe("Namespace that has the files"),
  files: dynamic(stringOrList()).describe("A path or pattern, or a list of them"),
  deleteParentFolder: dynamic(z.boolean()).default(false).describe("Delete folders too that are left empty"),
});
type Props = z.output<typeof input>;

export const namespaceDeleteFiles: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.namespace.DeleteFiles",
  aliases: [],
  title: "Delete files of a namespace",
  description: "Deletes the files, with all their revisions. What is not there is no failure.",
  where: "edge",
  input,
  output: z.object({ files: textMap().describe("Paths that were deleted, from `/`, and the URIs they had") }),
  examples: [
    {
      title: "Delete what is only there for a while",
      yaml: `id: delete_files
namespace: company.team
tasks:
  - id: delete
    type: io.kestra.plugin.core.namespace.DeleteFiles
    namespace: "{{ flow.namespace }}"
    files:
      - "tmp/**"
    deleteParentFolder: true
`,
    },
  ],
  async run({ namespace, files, deleteParentFolder }, ctx) {
    const patterns = typeof files === "string" ? [files] : files;
    const wanted = (await ctx.namespaceFiles.list(namespace)).filter(({ path }) => matchesAny(patterns, path));
    const paths = wanted.map(({ path }) => path);
    const deleted = await ctx.namespaceFiles.remove(namespace, paths, !deleteParentFolder);
    ctx.metric({ name: "deleted", type: "counter", value: deleted.length });
    const uris = deleted.map((path) => [`/${path}`, ctx.namespaceFiles.uri(namespace, path)]);
    return { outputs: { files: Object.fromEntries(uris) } };
  },
};
