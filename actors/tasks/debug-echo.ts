import * as z from "zod";
import { Level } from "#schema/state.ts";
import type { InlineTask } from "./define.ts";
import { dynamic } from "./property.ts";

const input = z.object({
  format: dynamic(z.string()).describe("The text to log"),
  level: dynamic(Level).default("INFO").describe("Level of the line"),
});
type Props = z.output<typeof input>;

export const debugEcho: InlineTask<Props> = {
  type: "io.kestra.plugin.core.debug.Echo",
  aliases: ["io.kestra.core.tasks.debugs.Echo"],
  title: "Log a text",
  description: "Kept for old flows: `io.kestra.plugin.core.log.Log` does the same.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Say which flow runs",
      yaml: `id: echo
namespace: company.team
tasks:
  - id: say
    type: io.kestra.plugin.core.debug.Echo
    format: "{{ flow.id }} runs"
`,
    },
  ],
  run({ format, level }, ctx) {
    ctx.log(level, format);
    return {};
  },
};
