import * as z from "zod";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { matchesAny } from "./namespace-files.ts";
import { anyMap, dynamic, textMap } from "./property.ts";
import { readInputFiles } from "./script-sandbox.ts";

const input = z.object({
  namespace: dynamic(z.string()).describe("Namespace that gets the files"),
  files: dynamic(z.array(z.string()))
    .describe("Patterns of files in the working directory that the task shares with others")
    .optional(),
  filesMap: dynamic(anyMap()).describe("Names in the namespace, and `kestra://` URIs of the files").optional(),
  destination: dynamic(z.string()).default("/").describe("Folder that the files are put into"),
  conflict: dynamic(z.enum(["OVERWRITE", "ERROR", "SKIP"]))
    .default("OVERWRITE")
    .describe("When a file is there already: write a new revision, fail with nothing written, or leave it"),
});
type Props = z.output<typeof input>;

export const namespaceUploadFiles: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.namespace.UploadFiles",
  aliases: [],
  title: "Put files into a namespace",
  description:
    "Files of the working directory (`files`, within a WorkingDirectory) or stored files (`filesMap`) become files of a namespace: all of them, or none when one cannot be written.",
  where: "edge",
  input,
  output: z.object({ files: textMap().describe("Paths in the namespace, from `/`, and `kestra://` URIs") }),
  examples: [
    {
      title: "Keep a downloaded file for other flows",
      yaml: `id: upload_files
namespace: company.team
tasks:
  - id: download
    type: io.kestra.plugin.core.http.Download
    uri: https://example.com/orders.csv
  - id: upload
    type: io.kestra.plugin.core.namespace.UploadFiles
    namespace: "{{ flow.namespace }}"
    filesMap:
      orders.csv: "{{ outputs.download.uri }}"
    destination: /data
`,
    },
  ],
  async run({ namespace, files, filesMap, destination, conflict }, ctx) {
    const given: { path: string; from: string | Uint8Array }[] = [];
    if (files === undefined && filesMap === undefined) throw new TaskFailure("Give `files` or `filesMap`.");
    const place = files === undefined ? [] : await ctx.place?.load();
    if (place === undefined)
      throw new TaskFailure(
        "`files` names files of a working directory: put the task into a WorkingDirectory, or use `filesMap`.",
      );
    for (const [name, from] of place) if (matchesAny(files ?? [], name)) given.push({ path: name, from });
    for (const [path, from] of Object.entries(filesMap ?? {})) {
      if (from === null) continue;
      const isUri = typeof from === "string" && /^kestra:\/\/\S*$/.test(from);
      const [bytes] = isUri ? [from] : (await readInputFiles({ [path]: from }, ctx)).values();
      if (bytes !== undefined) given.push({ path, from: bytes });
    }
    const folder = destination.replace(/^\/+/, "").replace(/\/*$/, "");
    const placed = given.map(({ path, from }) => {
      const name = path.replace(/^\/+/, "");
      return { path: folder === "" ? name : `${folder}/${name}`, from };
    });
    const written = await ctx.namespaceFiles.save(namespace, placed, conflict);
    ctx.metric({ name: "uploaded", type: "counter", value: written.length });
    const uris = written.map((path) => [`/${path}`, ctx.namespaceFiles.uri(namespace, path)]);
    return { outputs: { files: Object.fromEntries(uris) } };
  },
};
