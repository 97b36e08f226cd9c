import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { matchesAny } from "./namespace-files.ts";
import { dynamic, stringOrList, textMap } from "./property.ts";

const input = z.object({
  namespace: dynamic(z.string()).describe("Namespace that has the files"),
  files: dynamic(stringOrList()).describe("A path or pattern, or a list of them"),
  destination: dynamic(z.string()).default("").describe("Put before the names of the files"),
});
type Props = z.output<typeof input>;

export const namespaceDownloadFiles: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.namespace.DownloadFiles",
  aliases: [],
  title: "Take files of a namespace",
  description:
    "Copies files of a namespace into the internal storage of the execution, so that later tasks can be given their URIs: `outputs.<task>.files['/path']`.",
  where: "edge",
  input,
  output: z.object({
    files: textMap().describe("Paths in the namespace, from `/`, and `kestra://` URIs of the copies"),
  }),
  examples: [
    {
      title: "Read a file of another namespace",
      yaml: `id: download_files
namespace: company.team
tasks:
  - id: download
    type: io.kestra.plugin.core.namespace.DownloadFiles
    namespace: company
    files:
      - "queries/**.sql"
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ outputs.download.files | keys }}"
`,
    },
  ],
  async run({ namespace, files, destination }, ctx) {
    const patterns = typeof files === "string" ? [files] : files;
    const wanted = (await ctx.namespaceFiles.list(namespace)).filter(({ path }) => matchesAny(patterns, path));
    const copies: [string, string][] = [];
    const folder = destination.replace(/^\/+/, "").replace(/\/*$/, "");
    for (const { path } of wanted) {
      const name = folder === "" ? path : `${folder}/${path}`;
      const uri = await ctx.files.store(name, ctx.files.open(ctx.namespaceFiles.uri(namespace, path)));
      copies.push([`/${path}`, uri]);
    }
    ctx.metric({ name: "downloaded", type: "counter", value: copies.length });
    return { outputs: { files: Object.fromEntries(copies) } };
  },
};
