import * as z from "zod";
import type { FlowableTask } from "./define.ts";
import { nestedBranches } from "./flowable.ts";
import { namespaceFilesInput } from "./namespace-files.ts";
import { anyMap, duration, dynamic, nested, textMap } from "./property.ts";

const input = z.object({
  tasks: nested("tasks").describe("Run one after another in the same directory"),
  inputFiles: dynamic(anyMap())
    .describe("Files to begin with: relative names, and contents or `kestra://` URIs; a map or its JSON text")
    .optional(),
  outputFiles: dynamic(z.array(z.string()))
    .describe("Patterns of files to keep at the end, read with `outputs.<task>.outputFiles`")
    .optional(),
  namespaceFiles: namespaceFilesInput,
  cache: dynamic(
    z.strictObject({
      patterns: z.array(z.string()).describe("Patterns of the files to keep for the next execution"),
      ttl: duration().describe("How long they are used, for ever when left out").optional(),
    }),
  )
    .describe("Files that later executions begin with")
    .optional(),
  ...nestedBranches,
});
type Props = z.output<typeof input>;

function cacheOf({ patterns, ttl }: NonNullable<Props["cache"]>) {
  return ttl === undefined ? { patterns } : { patterns, ttlMs: ttl };
}

export const flowWorkingDirectory: FlowableTask<Props> = {
  type: "io.kestra.plugin.core.flow.WorkingDirectory",
  aliases: ["io.kestra.core.tasks.flows.WorkingDirectory", "io.kestra.core.tasks.flows.Worker"],
  title: "Run tasks in one working directory",
  description:
    "Its tasks run one after another and find in their working directory what those before them left there, wherever each of them runs. Tasks that have no working directory run as always.",
  where: "engine",
  nested: ["tasks"],
  input,
  output: z.object({
    outputFiles: textMap().describe("Kept files: relative names and `kestra://` URIs").optional(),
  }),
  examples: [
    {
      title: "A script reads what another one wrote",
      yaml: `id: shared_directory
namespace: company.team
tasks:
  - id: dir
    type: io.kestra.plugin.core.flow.WorkingDirectory
    inputFiles:
      words.txt: one two three
    outputFiles:
      - "*.json"
    tasks:
      - id: count
        type: io.kestra.plugin.scripts.deno.Script
        script: |
          const words = Deno.readTextFileSync("words.txt").split(" ");
          Deno.writeTextFileSync("count.txt", String(words.length));
      - id: report
        type: io.kestra.plugin.scripts.deno.Script
        script: |
          const count = Number(Deno.readTextFileSync("count.txt"));
          Deno.writeTextFileSync("report.json", JSON.stringify({ count }));
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.dir.outputFiles['report.json']) }}"
`,
    },
  ],
  expand({ inputFiles = {}, outputFiles = [], namespaceFiles, cache }) {
    const expansion = {
      kind: "place" as const,
      list: "tasks",
      files: inputFiles,
      outputFiles,
      ...(namespaceFiles === undefined ? {} : { namespaceFiles: { ...namespaceFiles } }),
      ...(cache === undefined ? {} : { cache: cacheOf(cache) }),
    };
    return { expansion };
  },
};
