import * as z from "zod";
import { encodeUtf8 } from "#schema/bytes.ts";
import { type EdgeContext, type EdgeTask, TaskFailure } from "./define.ts";
import { dynamic, stringOrList } from "./property.ts";
import { extensionOf } from "./storage-write.ts";
import { checkStopped, storedUri } from "./stored-file.ts";

const input = z.object({
  files: dynamic(stringOrList()).describe("URIs of the files, in order; a list, or one as JSON text"),
  separator: dynamic(z.string()).describe("Written between two files").optional(),
  extension: dynamic(z.string()).default(".tmp").describe("Ending of the new file's name"),
});
type Props = z.output<typeof input>;

export const storageConcat: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.Concat",
  aliases: ["io.kestra.core.tasks.storages.Concat"],
  title: "Join files",
  description: "Writes one file with the contents of several behind each other.",
  where: "edge",
  input,
  output: z.object({ uri: z.string().describe("The file") }),
  examples: [
    {
      title: "Join what several tasks wrote",
      yaml: `id: join_files
namespace: company.team
tasks:
  - id: first
    type: io.kestra.plugin.core.storage.Write
    content: one
  - id: second
    type: io.kestra.plugin.core.storage.Write
    content: two
  - id: both
    type: io.kestra.plugin.core.storage.Concat
    files:
      - "{{ outputs.first.uri }}"
      - "{{ outputs.second.uri }}"
    separator: "\\n"
    extension: .txt
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.both.uri) }}"
`,
    },
  ],
  async run(props, ctx) {
    const uris = listOf(props.files).map((uri) => storedUri(uri, "files"));
    if (uris.length === 0) throw new TaskFailure("`files` is empty: name at least one file.");
    const name = `concat${extensionOf(props.extension)}`;
    return { outputs: { uri: await ctx.files.store(name, joined(uris, props.separator, ctx)) } };
  },
};

function listOf(files: Props["files"]): readonly string[] {
  if (typeof files !== "string") return files;
  if (!files.trim().startsWith("[")) return [files];
  const parsed = z.array(z.string()).safeParse(jsonOf(files));
  if (parsed.success) return parsed.data;
  throw new TaskFailure("`files` begins with `[` but is no JSON list of URIs.");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* joined(
  uris: readonly string[],
  separator: string | undefined,
  ctx: EdgeContext,
): AsyncGenerator<Uint8Array> {
  for (const [index, uri] of uris.entries()) {
    checkStopped(ctx);
    if (index > 0 && separator !== undefined && separator !== "") yield encodeUtf8(separator);
    yield* ctx.files.open(uri);
  }
}
