import * as z from "zod";
import type { EdgeTask } from "./define.ts";
import { dynamic } from "./property.ts";
import { sizeOf, storedUri } from "./stored-file.ts";

const input = z.object({ uri: dynamic(z.string()).describe("URI of the file") });
type Props = z.output<typeof input>;

export const storageSize: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.storage.Size",
  aliases: ["io.kestra.core.tasks.storages.Size"],
  title: "Tell the size of a file",
  description: "Gives the bytes of a file in the internal storage without reading it.",
  where: "edge",
  input,
  output: z.object({ size: z.int().describe("Bytes of the file") }),
  examples: [
    {
      title: "Go on only with a file that holds something",
      yaml: `id: file_size
namespace: company.team
inputs:
  - id: file
    type: FILE
tasks:
  - id: size
    type: io.kestra.plugin.core.storage.Size
    uri: "{{ inputs.file }}"
  - id: show
    type: io.kestra.plugin.core.log.Log
    runIf: "{{ outputs.size.size > 0 }}"
    message: "{{ outputs.size.size }} bytes"
`,
    },
  ],
  async run({ uri }, ctx) {
    const size = await sizeOf(storedUri(uri, "uri"), ctx);
    ctx.metric({ name: "size", type: "counter", value: size });
    return { outputs: { size } };
  },
};
