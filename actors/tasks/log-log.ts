import * as z from "zod";
import { Level } from "#schema/state.ts";
import type { InlineTask } from "./define.ts";
import { dynamic, stringOrList } from "./property.ts";

const input = z.object({
  message: dynamic(stringOrList()).describe("What to write: one text or a list of texts, one log line each"),
  level: dynamic(Level).default("INFO").describe("Level of the lines"),
});
type Props = z.output<typeof input>;

export const logLog: InlineTask<Props> = {
  type: "io.kestra.plugin.core.log.Log",
  aliases: ["io.kestra.core.tasks.log.Log"],
  title: "Write to the log",
  description: "Writes one or more lines to the execution's log.",
  where: "inline",
  input,
  output: z.object({}),
  examples: [
    {
      title: "Greet by name",
      yaml: `id: log_hello
namespace: company.team
inputs:
  - id: name
    type: STRING
    defaults: Jane
tasks:
  - id: hello
    type: io.kestra.plugin.core.log.Log
    message: "Hello {{ inputs.name }}"
`,
    },
    {
      title: "Several lines at level WARN",
      yaml: `id: log_lines
namespace: company.team
tasks:
  - id: lines
    type: io.kestra.plugin.core.log.Log
    level: WARN
    message:
      - first line
      - "started at {{ execution.startDate }}"
`,
    },
  ],
  run(props, ctx) {
    const lines = typeof props.message === "string" ? [props.message] : props.message;
    for (const line of lines) ctx.log(props.level, line);
    return {};
  },
};
