import * as z from "zod";
import { ionText } from "#expr/index.ts";
import type { LogEntry } from "#schema/log.ts";
import { Level } from "#schema/state.ts";
import { type EdgeTask, TaskFailure } from "./define.ts";
import { otherExecution, otherExecutionInput } from "./other-execution.ts";
import { dynamic } from "./property.ts";
import { encodeTexts } from "./text-chunks.ts";

const input = z.object({
  ...otherExecutionInput,
  tasksId: dynamic(z.array(z.string())).describe("Only lines of these tasks").optional(),
  level: dynamic(Level).default("INFO").describe("Lowest level"),
});
type Props = z.output<typeof input>;

export const logFetch: EdgeTask<Props> = {
  type: "io.kestra.plugin.core.log.Fetch",
  aliases: ["io.kestra.core.tasks.log.Fetch"],
  title: "Write log lines to a file",
  description:
    "Writes the log lines of this execution, or of another one, to a file: an Ion record for each, oldest first.",
  where: "edge",
  input,
  output: z.object({
    size: z.int().describe("How many lines there are"),
    uri: z.string().describe("The file"),
  }),
  examples: [
    {
      title: "The warnings of a task",
      yaml: `id: fetch_logs
namespace: company.team
tasks:
  - id: check
    type: io.kestra.plugin.core.log.Log
    level: WARN
    message: half full
  - id: warnings
    type: io.kestra.plugin.core.log.Fetch
    tasksId: [check]
    level: WARN
  - id: show
    type: io.kestra.plugin.core.log.Log
    message: "{{ read(outputs.warnings.uri) }}"
`,
    },
  ],
  async run({ tasksId, level, ...named }, ctx) {
    const { id } = await otherExecution(named, ctx);
    const lines = await ctx.executions.logs(id, { minLevel: level });
    if (lines === undefined) throw new TaskFailure(`Unable to find execution '${id}'`);
    const wanted = lines.filter(({ taskId }) => tasksId === undefined || tasksId.includes(taskId ?? ""));
    return { outputs: { size: wanted.length, uri: await ctx.files.store("logs.ion", encodeTexts(records(wanted))) } };
  },
};

function* records(lines: readonly LogEntry[]): Generator<string> {
  for (const { timestamp, ...line } of lines) {
    const fields = Object.entries(line).filter(([, value]) => value !== undefined);
    // A timestamp of Ion stands without quotes.
    yield `{timestamp:${timestamp},${ionText(Object.fromEntries(fields)).slice(1)}\n`;
  }
}
